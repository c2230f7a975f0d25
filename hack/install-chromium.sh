#!/bin/sh
# Finds the Chromium that the tests in test/browser drive, or installs Debian's package with apt-get as root. Prints in one line
# where it is, or what it does.
set -eu
# shellcheck source=/dev/null
. "$(dirname "$0")/apt-package.sh"

main() {
  if found; then return; fi
  if with_apt chromium '300 MB' && found; then return; fi
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

main
