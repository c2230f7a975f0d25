#!/bin/sh
# Finds the redis-server that benchmarks compare with, or installs Debian's package with apt-get as root. Prints in one line where it
# is, or what it does. No server is started.
set -eu
# shellcheck source=/dev/null
. "$(dirname "$0")/apt-package.sh"

main() {
  if found; then return; fi
  if with_apt redis-server '5 MB' && found; then return; fi
  echo "redis-server: not found on PATH, and could not be installed: that needs root and Debian's apt-get." >&2
  echo "Install Redis 7 or later (Debian, Ubuntu: the package redis-server), and run this again." >&2
  exit 1
}

found() {
  path=$(command -v redis-server) || return 1
  echo "redis-server $("$path" --version | sed -n 's/.* v=\([0-9.]*\).*/\1/p'): $path"
}

main
