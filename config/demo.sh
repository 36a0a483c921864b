#!/usr/bin/env bash
# A demo hall on this machine: installs what is needed, builds preset "release", starts cameras, a workstation, a queue
# system and mingjingd, and runs until Ctrl-C. See --help.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top"

usage() {
  cat <<'EOT'
bash config/demo.sh [--dir DIR] [--port N] [--check]

  --dir DIR   where configuration, logs, index and footage go (default: demo-data; kept between runs)
  --port N    the page's port (default: 8443, or a free one when that is taken)
  --check     no page: wait until a case can be opened, fetch its footage by the API, decode it, compare the clocks painted
              into the pictures with the index, print one JSON line; exit code 0 (ok) or 1. Uses a fresh directory.
EOT
}

arguments=()
while [ $# -gt 0 ]; do
  case "$1" in
    --help|-h) usage; exit 0 ;;
    --check) arguments+=(--check); shift ;;
    --dir|--port)
      [ $# -ge 2 ] || { echo "demo.sh: $1 wants a value" >&2; exit 2; }
      value=$2; [ "$1" = --dir ] && value=$(realpath -m "$2")
      arguments+=("$1" "$value"); shift 2 ;;
    *) echo "demo.sh: unknown option $1; see --help" >&2; exit 2 ;;
  esac
done

# shellcheck source=config/install.sh
. config/install.sh
mj_install run
echo "== build (preset release) ==" >&2
cmake --preset release >build/release-configure.log 2>&1 || { cat build/release-configure.log >&2; exit 1; }
cmake --build --preset release --target all demo_tools >&2

exec node tests/support/demo.mjs --bin build/release ${arguments[@]+"${arguments[@]}"}
