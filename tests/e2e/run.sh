#!/usr/bin/env bash
# End-to-end tests against a build directory (default build/dev): bash tests/e2e/run.sh [BUILD_DIR [TEST_FILE…]]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
MJ_BIN=$(realpath "${1:-build/dev}")
export MJ_BIN
shift || true
[ $# -gt 0 ] || set -- tests/e2e/*.test.mjs
exec node --test --test-concurrency=1 --test-reporter=spec "$@"
