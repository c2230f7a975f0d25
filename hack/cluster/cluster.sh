#!/bin/bash
# shellcheck disable=SC2154
# A real Kubernetes of one node on this machine, without Docker: up | load | env | shell | run CMD… | stop PART | start PART |
# logs PART | down; add-node and remove-node for a second node. CLUSTER_ID (default 1) selects it; see docs/development.md.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in settings machine programs config images node-life; do
  # shellcheck source=/dev/null
  . "$here/$part.sh"
done

main() {
  use_cluster "${CLUSTER_ID:-1}"
  case ${1:-} in
    up) up ;;
    load) load "${@:2}" ;;
    env) environment ;;
    shell) run "${SHELL:-bash}" ;;
    run) run "${@:2}" ;;
    stop | start) "$1_part" "$2" ;;
    logs) cat "$state/log/$2.log" ;;
    add-node) start_second_node ;;
    remove-node) remove_second_node ;;
    down) remove_node; say "cluster $CLUSTER_ID is gone" ;;
    *) sed -n '3,4s/^# //p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
  esac
}

up() {
  if node_pid >/dev/null; then say "cluster $CLUSTER_ID is up already"; environment; return; fi
  check_machine
  claim_cluster "$CLUSTER_ID" "$CLUSTER_ID"
  provide_programs "$programs"
  pack_images "$state/images" & local packing=$!
  start_node
  wait "$packing" || fail 'the images could not be packed'
  import_images "$state/images"
  environment
}

# Rebuilds the images from the checkout and loads them into the nodes. Pods that start afterwards use them.
load() {
  node_pid >/dev/null || fail "cluster $CLUSTER_ID is not up"
  [ $# -gt 0 ] || set -- genwarden
  pack_images "$state/images" "$@"
  import_images "$state/images" "$@"
  [ ! -d "$state/node2" ] || (folder=$state/images; use_second_node; import_images "$folder" "$@")
}

environment() {
  echo "export KUBECONFIG=$state/admin.kubeconfig TEST_CLUSTER_FOLDER=$state CLUSTER_ID=$CLUSTER_ID PATH=$programs:\$PATH"
}

# Runs in the node's network, so that no packet of the command leaves it.
run() {
  local pid
  pid=$(node_pid) || fail "cluster $CLUSTER_ID is not up"
  eval "$(environment)"
  exec nsenter --target "$pid" --net -- "$@"
}

# The parts are those of node.sh: etcd, containerd, apiserver, controller-manager, scheduler, kubelet, kube-proxy, coredns.
stop_part() {
  [ -e "$state/pids/$1" ] || fail "no part $1; the parts are $(cd "$state/pids" && echo *)"
  touch "$state/stopped/$1"
  in_node kill -KILL "$(cat "$state/pids/$1")"
}

start_part() { rm -f "$state/stopped/$1"; }

in_node() { nsenter --target "$(node_pid)" --mount --net --pid -- "$@"; }

main "$@"
