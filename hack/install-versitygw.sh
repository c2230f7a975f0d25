#!/bin/sh
# Finds or installs the S3 server of the tests and `make bench-s3`, versitygw, and prints in one line where it is. It is built
# with Go into the cache: once, in about a minute. Concurrent runs are safe: the result appears in the cache by a rename.
set -eu

version=1.8.0
folder=$HOME/.cache/genwarden/versitygw-$version

if [ -x "$folder/versitygw" ]; then
  echo "versitygw $version: $folder/versitygw"
  exit 0
fi
if ! command -v go >/dev/null; then
  echo "versitygw: building it requires Go, which is not on PATH." >&2
  echo "Install Go 1.25 or later, or put the program of https://github.com/versity/versitygw/releases/tag/v$version at $folder/versitygw." >&2
  exit 1
fi
mkdir -p "$folder"
work=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
echo "versitygw $version: building it with Go into $folder (once, about a minute)"
# Go verifies its downloads against its checksum database.
if ! GOBIN=$work GOFLAGS=-mod=mod go install "github.com/versity/versitygw/cmd/versitygw@v$version" >"$work/log" 2>&1; then
  echo "versitygw: Go failed: $(tail -n 1 "$work/log")" >&2
  exit 1
fi
chmod 755 "$work/versitygw"
mv "$work/versitygw" "$folder/versitygw"
