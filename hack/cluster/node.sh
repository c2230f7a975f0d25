#!/bin/bash
# shellcheck disable=SC2154
# The node: PID 1 of its own mount, network and pid namespaces, and parent of etcd, the control plane, kubelet and containerd.
# When it dies, the kernel kills every process of the cluster, including pods, and drops its mounts, interfaces and firewall rules.
# With `second`, a node without etcd, control plane and DNS, whose pid namespace is inside that of the first.
set -u
# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
use_cluster "$CLUSTER_ID"
[ "${1:-first}" = first ] || use_second_node
trap 'exit 0' TERM INT

main() {
  isolate
  if [ "$node_name" = node1 ]; then run_first; else run_second; fi
  # Reaps orphaned processes of containers.
  while :; do wait -n || sleep 1; done
}

run_first() {
  join_network "$network.1"
  start etcd etcd --data-dir "$state/etcd" --unsafe-no-fsync --listen-client-urls http://127.0.0.1:2379 \
    --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380
  start containerd containerd -c "$state/containerd.toml"
  start_control_plane
  start_kubelet kubelet
  start coredns coredns -conf "$state/Corefile"
}

run_second() {
  join_network "$second_network.1"
  start containerd containerd -c "$state/containerd.toml"
  start_kubelet kubelet2
}

# With the named account.
start_kubelet() {
  start kubelet kubelet --config="$state/kubelet.yaml" --kubeconfig="$accounts/$1.kubeconfig" \
    --hostname-override="$node_name" --node-ip="$node_address" --root-dir="$state/kubelet" \
    --cert-dir="$state/kubelet-certificates"
  start kube-proxy kube-proxy --config="$state/kube-proxy.yaml"
}

# The kubelet would change these settings of the whole machine. It is shown files that already have the values that it wants.
isolate() {
  local setting file
  PATH=$programs:$PATH
  mount --make-rshared /
  mount -t tmpfs -o mode=755 tmpfs /run
  for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
    kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
    file=$state/sysctl/${setting%%=*}
    mkdir -p "${file%/*}"
    echo "${setting##*=}" >"$file"
    mount --bind "$file" "/proc/sys/${setting%%=*}"
  done
}

# The machine moves one end of the veth pair into this namespace; $1 is the other end.
join_network() {
  ip link set lo up
  until ip link show eth0 >/dev/null 2>&1; do sleep .05; done
  ip addr add "$node_address/24" dev eth0
  ip link set eth0 up
  ip route add default via "$1"
  sysctl -qw net.ipv4.ip_forward=1
}

# The API server's self-signed certificate comes with its CA, with which pods verify it. The controllers of the controller manager
# share the admin account.
start_control_plane() {
  start apiserver kube-apiserver --etcd-servers=http://127.0.0.1:2379 --secure-port=6443 --bind-address="$node_address" \
    --advertise-address="$node_address" --cert-dir="$state/certificates" --service-cluster-ip-range="$service_network" \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local --token-auth-file="$state/tokens.csv" \
    --service-account-key-file="$state/service-accounts.key" --service-account-signing-key-file="$state/service-accounts.key" \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true \
    --kubelet-preferred-address-types=InternalIP \
    --requestheader-client-ca-file="$state/front-proxy-ca.crt" --requestheader-allowed-names=front-proxy-client \
    --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group \
    --requestheader-extra-headers-prefix=X-Remote-Extra- --proxy-client-cert-file="$state/front-proxy-client.crt" \
    --proxy-client-key-file="$state/front-proxy-client.key"
  until kubectl --kubeconfig "$state/admin.kubeconfig" get --raw /readyz >/dev/null 2>&1; do sleep .1; done
  start controller-manager kube-controller-manager --kubeconfig="$state/admin.kubeconfig" --leader-elect=false \
    --secure-port=0 --use-service-account-credentials=false --allocate-node-cidrs=false \
    --service-account-private-key-file="$state/service-accounts.key" --root-ca-file="$state/certificates/apiserver.crt"
  start scheduler kube-scheduler --kubeconfig="$state/scheduler.kubeconfig" --leader-elect=false --secure-port=0
}

# Restarts a part whenever it exits, unless `cluster.sh stop` stopped it. Its pid is that of these namespaces.
start() {
  local name=$1
  shift
  while :; do
    while [ -e "$state/stopped/$name" ]; do sleep .1; done
    "$@" >>"$state/log/$name.log" 2>&1 &
    echo $! >"$state/pids/$name"
    wait $!
    echo "$name ended with $?" >>"$state/log/node.log"
    sleep .5
  done &
}

main
