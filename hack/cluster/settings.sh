# shellcheck shell=bash disable=SC2034
# Versions, addresses and folders of a cluster, for all scripts in this folder. CLUSTER_ID, a number from 1 to 250, distinguishes
# clusters that run side by side on one machine.

kubernetes_version=1.36.3
etcd_version=3.6.5
coredns_version=1.15.0
containerd_version=2.2.9
helm_version=3.22.0

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
checkout=$(cd "$scripts/../.." && pwd)
cache=$HOME/.cache/genwarden

state_of() { echo "${TMPDIR:-/tmp}/genwarden-cluster-$1"; }

# Everything that depends on the number. The machine is .1 of the network, the node .2. The control plane and DNS are on node1.
use_cluster() {
  CLUSTER_ID=$1
  state=$(state_of "$CLUSTER_ID")
  programs=$state/bin
  accounts=$state
  network=172.30.$CLUSTER_ID
  node_name=node1
  node_address=$network.2
  server_address=$node_address
  pod_network=10.244.$CLUSTER_ID.0/24
  service_network=10.96.$CLUSTER_ID.0/24
  link=genwarden$CLUSTER_ID
  cgroup=genwarden-cluster-$CLUSTER_ID
  # The second node is connected to the first only: .1 of this network.
  second_network=172.29.$CLUSTER_ID
  second_pod_network=10.245.$CLUSTER_ID.0/24
  second_cgroup=$cgroup-2
  export CLUSTER_ID
}

# After `use_cluster`: the same variables for the second node. `programs`, `accounts` and
# `server_address` stay those of the cluster.
use_second_node() {
  state=$state/node2
  node_name=node2
  node_address=$second_network.2
  pod_network=$second_pod_network
  cgroup=$second_cgroup
}

say() { echo "cluster: $*" >&2; }
fail() { say "$*"; exit 1; }

# The host pid of the node's PID 1. Fails if there is no node.
node_pid() {
  local pid
  pid=$(cat "$state/node.pid" 2>/dev/null) && [ -d "/proc/$pid" ] && echo "$pid"
}
