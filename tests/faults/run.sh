#!/usr/bin/env bash
# Breaks a recording hall in every way we know and looks at what it cost: see run.sh --help and README.md.
set -euo pipefail
exec python3 -B "$(dirname "${BASH_SOURCE[0]}")/run.py" "$@"
