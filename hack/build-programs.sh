#!/bin/bash
# Builds with Go, into the cache, the programs that long targets need: Prometheus, an OpenTelemetry Collector and the parts of a
# Kubernetes. .ci/run starts it beside its first tests. Runs at the same time are safe: each program has a lock, and a second run
# waits for the first.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1

links=$(mktemp -d)
trap 'rm -rf "$links"' EXIT
trap 'exit 130' INT TERM
failed=0

cluster_programs() (
  # shellcheck source=/dev/null
  . cluster/settings.sh
  # shellcheck source=/dev/null
  . cluster/programs.sh
  provide_programs "$links"
)

# In the order in which .ci/run needs them.
for install in ./install-prometheus.sh ./install-otel-collector.sh; do
  "$install" || failed=1
done
cluster_programs || failed=1
exit "$failed"
