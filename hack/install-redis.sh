#!/bin/sh
# Finds the redis-server that benchmarks compare with, or installs Debian's package with apt-get as root. Prints in one line where it
# is, or what it does. No server is started.
set -eu

main() {
  if found; then return; fi
  if with_apt && found; then return; fi
  echo "redis-server: not found on PATH, and could not be installed: that needs root and Debian's apt-get." >&2
  echo "Install Redis 7 or later (Debian, Ubuntu: the package redis-server), and run this again." >&2
  exit 1
}

found() {
  path=$(command -v redis-server) || return 1
  echo "redis-server $("$path" --version | sed -n 's/.* v=\([0-9.]*\).*/\1/p'): $path"
}

# Runlevel 1: the package's scripts then start no service.
with_apt() {
  command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || return 1
  echo 'redis-server: installing the package redis-server with apt-get (once, about 5 MB)'
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  {
    apt-get update &&
      RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends redis-server
  } >"$log" 2>&1 || { tail -n 5 "$log" >&2; return 1; }
}

main
