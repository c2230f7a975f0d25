#!/bin/sh
# Finds or installs the OpenTelemetry Collector of the tests of traces, and prints in one line where it is. It is built with Go into
# the cache from hack/otel/collector: once, in about two minutes. A second run that starts meanwhile waits for the first.
set -eu
# shellcheck source=/dev/null
. "$(dirname "$0")/go-program.sh"

version=0.165.0
source=$(cd "$(dirname "$0")/otel/collector" && pwd)
# A change of the program or of its modules builds it again.
digest=$(cat "$source/main.go" "$source/go.mod" "$source/go.sum" | cksum | cut -d ' ' -f 1)
folder=$HOME/.cache/genwarden/otel-collector-$version-$digest

is_installed() {
  [ -x "$folder/otel-collector" ]
}

print_path() {
  echo "otel-collector $version: $folder/otel-collector"
}

start_build otel-collector 'Install Go 1.26 or later.'
echo "otel-collector $version: building it with Go into $folder (once, about two minutes)"
# Go verifies its downloads against go.sum.
if ! (cd "$source" && GOWORK=off GOFLAGS=-mod=readonly go build -buildvcs=false -trimpath -ldflags "-s -w" \
  -o "$work/otel-collector" .) >"$work/log" 2>&1 9>&-; then
  echo "otel-collector: Go failed: $(tail -n 1 "$work/log")" >&2
  exit 1
fi
chmod 755 "$work/otel-collector"
mv "$work/otel-collector" "$folder"
print_path
