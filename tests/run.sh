#!/usr/bin/env bash
# Installs, builds and tests everything: bash tests/run.sh [--fast]
# --fast leaves the end-to-end tests and the faults out. Exit code 0 only when nothing failed.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top"

fast=no
for argument in "$@"; do
  case "$argument" in
    --fast) fast=yes ;;
    --help|-h) sed -n '2,3s/^# //p' "$0"; exit 0 ;;
    *) echo "run.sh: unknown option $argument; there is only --fast" >&2; exit 2 ;;
  esac
done

# shellcheck source=config/install.sh
. config/install.sh
mj_install tests

logs="$top/build/test-logs"
mkdir -p "$logs"
passed=0
failed=0
closing=()

# The number in "$2" (a sed expression with one group) of the runner's log $1; 0 when it says nothing.
number() {
  local found
  found=$(sed -n "$2" "$1" | tail -n 1)
  echo "${found:-0}"
}

# add NAME EXIT_CODE PASSED FAILED [SKIPPED]: counts a runner's tests. A runner that fails without saying so failed once.
# What was skipped, because this machine cannot do it, is neither.
add() {
  local code=$2 ok=$3 wrong=$4 skipped=${5:-0}
  if [ "$code" != 0 ] && [ "$wrong" = 0 ]; then wrong=1; fi
  if [ "$code" = 0 ] && [ "$ok" = 0 ] && [ "$skipped" = 0 ]; then
    wrong=1
    closing+=("$1: no test ran")
  fi
  passed=$((passed + ok))
  failed=$((failed + wrong))
}

# run NAME COMMAND…: shows and logs a runner's output without colours; its exit code is in $code.
run() {
  local name=$1
  shift
  mj_say "$name"
  code=0
  NO_COLOR=1 "$@" 2>&1 | sed -u 's/\x1b\[[0-9;]*m//g' | tee "$logs/$name.log" || code=${PIPESTATUS[0]}
}

# keep NAME PATTERN: remembers the runner's own closing lines.
keep() {
  local line
  while IFS= read -r line; do closing+=("$1: $line"); done < <(grep -E "$2" "$logs/$1.log" | tail -n 4)
}

build() {
  cmake --preset dev >"$logs/configure.log" 2>&1 || { cat "$logs/configure.log" >&2; return 1; }
  cmake --build --preset dev --target all demo_tools camera_farm -j "$(nproc)"
}

mj_say "build (preset dev)"
build || {
  echo "0 passed, 1 failed (the build)"
  mj_die "the build failed (above); nothing was tested"
}

run ctest ctest --preset dev --parallel 2 --no-tests=error
wrong=$(number "$logs/ctest.log" 's/.*tests passed, \([0-9]*\) tests failed out of [0-9]*$/\1/p')
all=$(number "$logs/ctest.log" 's/.*tests passed, [0-9]* tests failed out of \([0-9]*\)$/\1/p')
add ctest "$code" "$((all - wrong))" "$wrong"
keep ctest 'tests passed, |Total Test time'

run viewer npm --prefix viewer test
add viewer "$code" "$(number "$logs/viewer.log" 's/^ *Tests .*[^0-9]\([0-9][0-9]*\) passed.*/\1/p')" \
  "$(number "$logs/viewer.log" 's/^ *Tests *\([0-9]*\) failed.*/\1/p')"
keep viewer '^ *(Test Files|Tests|Duration) '

if [ "$fast" = no ]; then
  run e2e bash tests/e2e/run.sh
  add e2e "$code" "$(number "$logs/e2e.log" 's/^ℹ pass \([0-9]*\)$/\1/p')" "$(number "$logs/e2e.log" 's/^ℹ fail \([0-9]*\)$/\1/p')"
  keep e2e '^ℹ (tests|pass|fail|duration_ms) '

  run faults bash tests/faults/run.sh --json
  counts='^faults: \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped'
  add faults "$code" "$(number "$logs/faults.log" "s/$counts.*/\1/p")" "$(number "$logs/faults.log" "s/$counts.*/\2/p")" \
    "$(number "$logs/faults.log" "s/$counts.*/\3/p")"
  keep faults '^faults: '
fi

mj_say "summary"
printf '%s\n' "${closing[@]}"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
