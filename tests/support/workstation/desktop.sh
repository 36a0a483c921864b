#!/usr/bin/env bash
# A clerk's desktop without a screen: Xvfb, a window manager, and Chromium showing the approval system of this folder.
# Prints "DISPLAY=:N" once the page is painted, then runs until it is stopped. Everything it started dies with it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
  cat <<'EOT'
bash desktop.sh --current FILE [--window ID] [--size WxH]

  --current FILE   JSON that says which case is at which window (written by case_feed --current)
  --window ID      the window whose cases this workstation works on (default: w1)
  --size WxH       the screen (default: 1600x900)
EOT
}

current='' window=w1 size=1600x900
while [ $# -gt 0 ]; do
  case "$1" in
    --help|-h) usage; exit 0 ;;
    --current|--window|--size)
      [ $# -ge 2 ] || { echo "desktop.sh: $1 wants a value" >&2; exit 2; }
      declare "${1#--}=$2"; shift 2 ;;
    *) echo "desktop.sh: unknown option $1; see --help" >&2; exit 2 ;;
  esac
done
[ -n "$current" ] || { usage >&2; exit 2; }

scratch=$(mktemp -d "${TMPDIR:-/tmp}/mingjing-desktop-XXXXXX")
children=()

# Each child leads a process group of its own, and the kernel kills it when this shell dies, however that happens.
start() { setsid setpriv --pdeathsig KILL "$@" & children+=($!); }

finish() {
  trap '' INT TERM HUP  # asked once is enough
  trap - EXIT
  for ((i = ${#children[@]} - 1; i >= 0; i--)); do
    kill -TERM "${children[i]}" 2>/dev/null || true
    for _ in {1..20}; do kill -0 "${children[i]}" 2>/dev/null || break; sleep 0.1; done
    kill -KILL -- "-${children[i]}" 2>/dev/null || true
  done
  wait
  rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 0' INT TERM HUP

# Waits until FILE has a line, as long as the process is there: wait_for FILE PID NAME
wait_for() {
  for _ in {1..600}; do
    [ -s "$1" ] && return 0
    kill -0 "$2" 2>/dev/null || break
    sleep 0.1
  done
  echo "desktop.sh: $3 does not start; its output:" >&2
  cat "$scratch"/*.log >&2
  exit 1
}

start Xvfb -displayfd 3 -screen 0 "${size}x24" -nolisten tcp -noreset 3>"$scratch/number" >"$scratch/xvfb.log" 2>&1
wait_for "$scratch/number" "${children[-1]}" Xvfb
read -r number <"$scratch/number"
export DISPLAY=":$number"

start openbox --sm-disable >"$scratch/openbox.log" 2>&1
start node "$here/serve.mjs" --current "$current" --ready "$scratch/ready" --port-file "$scratch/port" >"$scratch/serve.log" 2>&1
wait_for "$scratch/port" "${children[-1]}" serve.mjs
read -r port <"$scratch/port"

TZ=Asia/Shanghai start chromium --kiosk --no-sandbox --test-type --disable-gpu --disable-quic --no-first-run --no-default-browser-check \
  --disable-background-networking --disable-component-update --disable-sync --disable-extensions --disable-default-apps \
  --disable-features=Translate,MediaRouter,OptimizationHints --password-store=basic --lang=zh-CN --force-device-scale-factor=1 \
  --window-position=0,0 --window-size="${size/x/,}" --user-data-dir="$scratch/profile" --app="http://127.0.0.1:$port/?window=$window" \
  >"$scratch/chromium.log" 2>&1
wait_for "$scratch/ready" "${children[-1]}" Chromium

echo "DISPLAY=$DISPLAY"
wait -n "${children[@]}" || true
echo "desktop.sh: a part of the desktop ended by itself; its output:" >&2
cat "$scratch"/*.log >&2
exit 1
