#!/bin/sh
# Finds or installs Prometheus and promtool, which evaluate the rules and dashboards in the tests, and prints in one line where they
# are. They are built with Go into the cache: once, in three to six minutes. A second run that starts meanwhile waits for the first.
set -eu
# shellcheck source=/dev/null
. "$(dirname "$0")/go-program.sh"

version=3.16.0
# The module counts 3.16.0 as v0.316.0.
module=github.com/prometheus/prometheus
module_version=v0.316.0
folder=$HOME/.cache/genwarden/prometheus-$version

is_installed() {
  [ -x "$folder/prometheus" ] && [ -x "$folder/promtool" ]
}

print_path() {
  echo "prometheus $version: $folder/prometheus"
}

start_build prometheus "Install Go 1.26.7 or later, or put prometheus and promtool of https://prometheus.io/download into $folder."
echo "prometheus $version: building it and promtool with Go into $folder (once, three to six minutes)"
# Without service discovery, whose clients of cloud providers are most of the build: the tests name their targets. The web page is
# not part of the module. Go verifies its downloads against its checksum database.
if ! GOWORK=off GOBIN=$work GOFLAGS=-mod=mod go install -trimpath -tags remove_all_sd \
  -ldflags "-s -w -X github.com/prometheus/common/version.Version=$version" \
  "$module/cmd/prometheus@$module_version" "$module/cmd/promtool@$module_version" >"$work/log" 2>&1 9>&-; then
  echo "prometheus: Go failed: $(tail -n 1 "$work/log")" >&2
  exit 1
fi
chmod 755 "$work/prometheus" "$work/promtool"
mv "$work/promtool" "$work/prometheus" "$folder"
print_path
