#!/bin/sh
# Runs every check and most tests, even if some fail; .ci/run adds the others. The last line is: N passed, N failed, N skipped.
# TEST_REPORT names a file for the results as JSON.
set -u
cd "$(dirname "$0")/.."

results=${TEST_REPORT:-$(mktemp)}
trap '[ "$results" = "${TEST_REPORT:-}" ] || rm -f "$results"' EXIT
trap 'exit 130' INT TERM
failed=''

for check in check-format lint types unused; do
  echo "== $check"
  make "$check" || failed="$failed $check"
done

echo '== tests'
vitest run --project unit --project simulation --project conformance --project integration \
  --reporter=default --reporter=json --outputFile.json="$results" || failed="$failed tests"

echo '== not included: make test-clients, test-model, faults-processes, bad-day, edges, observability, fuzz-http, test-browser, and test-cluster in a real Kubernetes'
[ -z "$failed" ] || echo "FAILED:$failed"
node hack/count-tests.ts "$results" && [ -z "$failed" ]
