#!/bin/bash
# shellcheck disable=SC2154
# The cluster tests, in the cluster that KUBECONFIG names or in a node of their own, which goes afterwards whatever happens.
# Arguments go to vitest. TEST_REPORT names a file for the results as JSON.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in settings machine programs config images node-life; do
  # shellcheck source=/dev/null
  . "$here/$part.sh"
done

main() {
  trap finish EXIT
  trap 'exit 130' INT TERM HUP
  if [ -n "${KUBECONFIG:-}" ]; then in_named_cluster "$@"; else in_own_cluster "$@"; fi
}

in_named_cluster() {
  say "using the cluster of KUBECONFIG ($KUBECONFIG)"
  folder=$(mktemp -d)
  provide_programs "$folder/bin" clients
  export PATH=$folder/bin:$PATH
  pack_images "$folder/images" genwarden nats
  import_into_named_cluster "$folder/images"
  vitest_in '' "$@"
}

in_own_cluster() {
  check_machine
  claim_cluster 100 250
  provide_programs "$programs"
  pack_images "$state/images" & local packing=$!
  start_node tether
  wait "$packing" || fail 'the images could not be packed'
  import_images "$state/images"
  export KUBECONFIG=$state/admin.kubeconfig TEST_CLUSTER_FOLDER=$state PATH=$programs:$PATH
  vitest_in "setpriv --pdeathsig TERM nsenter --target $(node_pid) --net --" "$@"
}

# In the background, so that a signal to this script is heeded at once.
vitest_in() {
  local prefix=$1 status=0
  shift
  report=${TEST_REPORT:-$(mktemp)}
  cd "$checkout"
  # shellcheck disable=SC2086
  $prefix node_modules/.bin/vitest run -c test/cluster/vitest.config.ts --reporter=default --reporter=json \
    --outputFile.json="$report" "$@" &
  tests=$!
  wait "$tests" || status=$?
  node_modules/.bin/node hack/count-tests.ts "$report" || status=1
  return "$status"
}

finish() {
  local status=$?
  trap - EXIT
  set +e
  [ -z "${tests:-}" ] || { kill "$tests" 2>/dev/null; wait "$tests"; }
  [ -z "${folder:-}" ] || rm -rf "$folder"
  [ "${report:-}" = "${TEST_REPORT:-}" ] || rm -f "$report"
  if [ -n "${state:-}" ] && [ -d "$state" ]; then
    [ "$status" = 0 ] || keep_logs
    remove_node
  fi
  exit "$status"
}

# Of the cluster's parts; what happened in the pods is in the output of the tests.
keep_logs() {
  local kept=$state.logs
  rm -rf "$kept"
  mv "$state/log" "$kept" 2>/dev/null && say "logs of the cluster's parts: $kept"
}

main "$@"
