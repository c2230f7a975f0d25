#!/bin/sh
# Finds the Chromium that the tests in test/browser drive, or installs Debian's package with apt-get as root. Prints in one line
# where it is, or what it does.
set -eu

main() {
  if found; then return; fi
  if with_apt && found; then return; fi
  echo "chromium: not found on PATH, and could not be installed: that needs root and Debian's apt-get." >&2
  echo "Install the package chromium (Debian, Ubuntu without snap) or Google Chrome, and run this again." >&2
  exit 1
}

found() {
  for name in chromium chromium-browser google-chrome; do
    path=$(command -v "$name") || continue
    echo "chromium: $path"
    return 0
  done
  return 1
}

with_apt() {
  command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || return 1
  echo 'chromium: installing the package chromium with apt-get (once, about 300 MB)'
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  {
    apt-get update &&
      DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends chromium
  } >"$log" 2>&1 || { tail -n 5 "$log" >&2; return 1; }
}

main
