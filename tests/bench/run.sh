#!/usr/bin/env bash
# Benchmarks: bash tests/bench/run.sh record --json [--cameras N] [--pairs N] [--seconds N] [--phases pairs,reads,…]
#             bash tests/bench/run.sh index --json [--scale 0.1] [--ingest-seconds N] [--keep] [--phases hall,flat,links] [--first-day N]
#             bash tests/bench/run.sh screen --json [--quick] [--near] [--phases office,photo,edits,server]
# Builds a release in build/bench, makes what is needed once, measures; README.md says what the numbers mean.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
what=${1:-}
case $what in
  record) targets="mingjingd mingjing camera_farm tag_check raw_reader hash_cost rtsp_pull" ;;
  index) targets=index_bench ;;
  screen) targets="mingjingd mingjing mingjing-agent screen_looks screen_check" ;;
  *)
    sed -n '2,5s/^# //p' "$0" >&2
    exit 2
    ;;
esac
shift
build=${MJ_BENCH_BUILD:-build/bench}
if [ -z "${MJ_BENCH_BUILD:-}" ]; then
  {
    cmake --preset release -B "$build" -DMJ_BUILD_TESTS=ON
    # shellcheck disable=SC2086 # a list
    cmake --build "$build" --target $targets -j "$(nproc)"
  } >&2
fi
if [ "$what" = index ]; then
  exec "$build/tests/bench/index_bench" --directory "${MJ_BENCH_INDEX:-.cache/index}" "$@"
fi
if [ "$what" = screen ]; then
  exec /usr/bin/python3 -B tests/bench/screen/screen.py --build "$build" "$@"
fi
clips=$(bash tests/support/clips.sh h264_1080p25 h264_720p15)
exec /usr/bin/python3 -B tests/bench/record.py --build "$build" --clips "$clips" "$@"
