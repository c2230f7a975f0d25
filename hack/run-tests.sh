#!/bin/sh
# Runs every check and every test, whatever fails on the way, and ends with one line: N passed, N failed, N skipped.
set -u
cd "$(dirname "$0")/.."

results=$(mktemp)
trap 'rm -f "$results"' EXIT
trap 'exit 130' INT TERM
failed=''

for check in check-format lint types unused; do
  echo "== $check"
  make "$check" || failed="$failed $check"
done

echo '== tests'
vitest run "$@" --reporter=default --reporter=json --outputFile.json="$results" || failed="$failed tests"

[ -z "$failed" ] || echo "FAILED:$failed"
node hack/count-tests.ts "$results" && [ -z "$failed" ]
