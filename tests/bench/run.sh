#!/usr/bin/env bash
# Benchmarks: bash tests/bench/run.sh record --json [--cameras N] [--pairs N] [--seconds N] [--phases pairs,reads,…]
# Builds a release in build/bench, makes the clips once, measures; README.md says what the numbers mean.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
if [ "${1:-}" != record ]; then
  sed -n '2,3s/^# //p' "$0" >&2
  exit 2
fi
shift
build=${MJ_BENCH_BUILD:-build/bench}
if [ -z "${MJ_BENCH_BUILD:-}" ]; then
  {
    cmake --preset release -B "$build" -DMJ_BUILD_TESTS=ON
    cmake --build "$build" --target mingjingd mingjing camera_farm tag_check raw_reader hash_cost rtsp_pull -j "$(nproc)"
  } >&2
fi
clips=$(bash tests/support/clips.sh h264_1080p25 h264_720p15)
exec /usr/bin/python3 -B tests/bench/record.py --build "$build" --clips "$clips" "$@"
