#!/usr/bin/env bash
# Clips for the camera farm, made once into .cache/clips: bash tests/support/clips.sh [NAME…]; prints the folder.
# Real pictures (PETS 2009 pedestrians in Debian's opencv-doc), enlarged, with a sensor's noise, no B frames, GOPs
# of 2 s: as hall cameras send. Names: h264_1080p25 (4.1 Mbit/s), h264_720p15 (1 Mbit/s), h265_1080p25 (2 Mbit/s);
# small ones for unit tests: h264_360p25, h265_360p25.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder="$top/.cache/clips"
film=/usr/share/doc/opencv-doc/examples/data/vtest.avi
[ $# -gt 0 ] || set -- h264_1080p25 h264_720p15
mkdir -p "$folder"
# Two callers at once: the second waits and finds the clips made.
exec 9>"$folder/.lock"
flock 9

# encode NAME FPS SIZE NOISE ENCODER-OPTIONS…
encode() {
  local name=$1 filter="fps=$2,scale=$3:flags=bicubic,unsharp,noise=alls=$4:allf=t,format=yuv420p"
  shift 4
  echo "clips.sh: making $name" >&2
  ffmpeg -nostdin -v error -y -i "$film" -t 60 -vf "$filter" "$@" -an -movflags +faststart "$folder/$name.new.mp4"
  mv "$folder/$name.new.mp4" "$folder/$name.mp4"
}

small_gops=25  # a second, so that a reader need not wait for long
h265="bframes=0:scenecut=0:open-gop=0:log-level=error"
h264=(-c:v libx264 -preset veryfast -profile:v main -bf 0 -sc_threshold 0)
for name in "$@"; do
  [ ! -s "$folder/$name.mp4" ] || continue
  case "$name" in
    h264_1080p25) encode "$name" 25 1920:1080 5 "${h264[@]}" -g 50 -keyint_min 50 -b:v 4M -maxrate 4.4M -bufsize 6M ;;
    h264_720p15) encode "$name" 15 1280:720 4 "${h264[@]}" -g 30 -keyint_min 30 -b:v 1M -maxrate 1.2M -bufsize 2M ;;
    h265_1080p25)
      encode "$name" 25 1920:1080 5 -c:v libx265 -preset ultrafast -b:v 2M -tag:v hvc1 -x265-params \
        "$h265:keyint=50:min-keyint=50:vbv-maxrate=2200:vbv-bufsize=3000"
      ;;
    h264_360p25) encode "$name" 25 640:360 2 "${h264[@]}" -g "$small_gops" -keyint_min "$small_gops" -b:v 500k ;;
    h265_360p25)
      encode "$name" 25 640:360 2 -c:v libx265 -preset ultrafast -b:v 400k -tag:v hvc1 -x265-params "$h265:keyint=$small_gops:min-keyint=$small_gops"
      ;;
    *) echo "clips.sh: no clip is called $name" >&2; exit 2 ;;
  esac
done
echo "$folder"
