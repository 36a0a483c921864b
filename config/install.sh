# shellcheck shell=bash
# What Mingjing needs from Debian and npm. Source it (with pipefail set), then call `mj_install run` (build and run) or
# `mj_install tests` (that, and what tests need); or run it: bash config/install.sh [run|tests].
# Idempotent: when all is there it asks nothing of the network and takes a second. After it, `node` and `npm` on PATH are
# new enough for the viewer, and viewer/node_modules is what viewer/package-lock.json says.

mj_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
mj_node_home="$mj_top/.cache/node"

mj_say() { printf '== %s ==\n' "$*" >&2; }

# Says what is wrong and ends the whole script.
mj_die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# The packages of group [$1] in packages.txt.
mj_listed_packages() {
  sed -n "/^\[$1\]/,/^\[/p" "$mj_top/config/packages.txt" | sed -e 's/#.*//' -e '/^\[/d' -e '/^[[:space:]]*$/d' -e 's/[[:space:]]//g'
}

# Those of the given packages that are not installed.
mj_missing_packages() {
  local installed
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p' | sort -u)
  comm -23 <(printf '%s\n' "$@" | sort -u) <(printf '%s\n' "$installed")
}

# Runs a command as root.
mj_as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Of apt's thousands of lines: all into the log, its complaints and a sign of life to the terminal.
mj_watch_apt() {
  tee -a "$mj_top/build/install.log" |
    awk '/^(E|W|Err|dpkg):/; /^(Get:|Unpacking|Setting up)/ { if (++n % 200 == 0) { print "   ... " $0; fflush() } }' >&2
}

# Installs those of the given packages that are missing.
mj_apt_install() {
  local missing
  mapfile -t missing < <(mj_missing_packages "$@")
  [ "${#missing[@]}" -gt 0 ] || return 0
  command -v apt-get >/dev/null || mj_die "this is no Debian (no apt-get); Mingjing is built on Debian 12. Missing: ${missing[*]}"
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    mj_die "Debian packages are missing, and you are neither root nor have sudo. As root: apt-get install ${missing[*]}"
  fi
  mj_say "installing ${#missing[@]} Debian packages and what they need (log: build/install.log)"
  local wait=(-o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
  mj_as_root apt-get "${wait[@]}" -qq update 2>&1 | mj_watch_apt ||
    mj_die "apt-get update failed (above): is there a network, and do /etc/apt/sources.list* name a Debian mirror?"
  # Slim images leave documentation out; the test cameras' picture is documentation of OpenCV.
  mj_as_root env DEBIAN_FRONTEND=noninteractive apt-get "${wait[@]}" -qq -y --no-install-recommends \
    -o Dpkg::Use-Pty=0 -o Dpkg::Options::="--path-include=/usr/share/doc/opencv-doc/*" install "${missing[@]}" 2>&1 | mj_watch_apt ||
    mj_die "apt-get install failed (above). Mingjing is built on Debian 12; this is $(. /etc/os-release && echo "$PRETTY_NAME")"
}

mj_node_is_new_enough() {
  command -v node >/dev/null && command -v npm >/dev/null &&
    node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)'
}

# Vite 8 needs Node 20.19 or 22.12; Debian 12 has 18. The npm package node-linux-* is the same program, newer.
mj_install_node() {
  ! mj_node_is_new_enough || return 0
  export PATH="$mj_node_home/node_modules/.bin:$PATH"
  hash -r
  ! mj_node_is_new_enough || return 0
  local arch
  case "$(uname -m)" in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *) mj_die "no Node.js ≥ 22.12 for $(uname -m) is known; install one and run this again" ;;
  esac
  command -v npm >/dev/null || mj_apt_install nodejs npm
  mj_say "installing Node.js 22 into .cache/node"
  mkdir -p "$mj_node_home"
  npm install --prefix "$mj_node_home" --no-save --no-audit --no-fund --loglevel=error "node-linux-$arch@22" npm@10 >&2 ||
    mj_die "npm could not fetch Node.js 22 (above): is the npm registry reachable?"
  hash -r
  mj_node_is_new_enough || mj_die "Node.js in $mj_node_home does not run; remove that folder and run this again"
}

mj_install_viewer_packages() {
  local lock="$mj_top/viewer/package-lock.json" copy="$mj_top/viewer/node_modules/.mj-package-lock.json"
  ! cmp -s "$lock" "$copy" || return 0
  mj_say "installing npm packages of the viewer"
  (cd "$mj_top/viewer" && npm ci --no-audit --no-fund --loglevel=error >&2) ||
    mj_die "npm ci failed (above): is the npm registry reachable?"
  cp "$lock" "$copy"
}

mj_install() {
  local packages
  case "${1:-run}" in
    run) mapfile -t packages < <(mj_listed_packages run) ;;
    tests) mapfile -t packages < <(mj_listed_packages run; mj_listed_packages tests) ;;
    *) mj_die "install.sh knows \"run\" and \"tests\", not \"$1\"" ;;
  esac
  mkdir -p "$mj_top/build"
  : >"$mj_top/build/install.log"
  mj_apt_install "${packages[@]}"
  mj_install_node
  mj_install_viewer_packages
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  set -euo pipefail
  mj_install "${1:-run}"
fi
