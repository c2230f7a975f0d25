#!/bin/bash
# shellcheck disable=SC2154
# Runs the cluster tests in the cluster of KUBECONFIG, or in a new node that is always removed afterwards. Arguments go to vitest.
# `--nodes N` before them distributes the test files over N nodes that run at the same time. TEST_REPORT names a file for the
# results as JSON; with several nodes `.N` is appended.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in settings machine programs config images node-life; do
  # shellcheck source=/dev/null
  . "$here/$part.sh"
done

children=()

main() {
  trap finish EXIT
  trap 'exit 130' INT TERM HUP
  local nodes=1
  if [ "${1:-}" = --nodes ]; then nodes=$2; shift 2; fi
  if [ -n "${KUBECONFIG:-}" ]; then in_named_cluster "$@"
  elif [ "$nodes" -gt 1 ]; then in_own_clusters "$nodes" "$@"
  else in_own_cluster "$@"; fi
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

# Test files on different nodes cannot interfere, although an operator watches its whole cluster.
in_own_clusters() {
  local nodes=$1 part status=0 reports=()
  shift
  check_machine
  folder=$(mktemp -d)
  say "the test files run on $nodes nodes at the same time; the output of the first comes first"
  for part in $(seq "$nodes"); do
    reports+=("${TEST_REPORT:-$folder/report}.$part")
    TEST_REPORT=${reports[-1]} setpriv --pdeathsig TERM "$here/test.sh" --shard="$part/$nodes" "$@" >"$folder/$part.log" 2>&1 &
    children+=($!)
  done
  for part in $(seq "$nodes"); do
    tail -n +1 -f --pid="${children[part - 1]}" "$folder/$part.log" &
    wait "$!" || true
    wait "${children[part - 1]}" || status=$?
  done
  "$checkout/node_modules/.bin/node" "$checkout/hack/count-tests.ts" "${reports[@]}" || status=1
  return "$status"
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

# Runs in the background, so that this script handles signals at once.
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
  # A second signal must not interrupt the removal.
  trap '' INT TERM HUP
  set +eu
  [ -z "${tests:-}" ] || { kill "$tests" 2>/dev/null; wait "$tests"; }
  # These runs remove their own nodes.
  [ ${#children[@]} = 0 ] || { kill "${children[@]}" 2>/dev/null; wait "${children[@]}"; }
  [ -z "${folder:-}" ] || rm -rf "$folder"
  [ -n "${TEST_REPORT:-}" ] || rm -f "$report"
  if [ -n "${state:-}" ] && [ -d "$state" ]; then
    case $status in 0 | 130) ;; *) keep_logs ;; esac
    remove_node
  fi
  exit "$status"
}

# The logs of the cluster's parts. The logs of pods are in the output of the tests.
keep_logs() {
  local kept=$state.logs
  rm -rf "$kept"
  mv "$state/log" "$kept" 2>/dev/null && say "logs of the cluster's parts: $kept"
}

main "$@"
