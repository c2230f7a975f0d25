# shellcheck shell=bash disable=SC2154
# Starts and removes a node: claims its number, connects it to the machine's network, waits until it is Ready, cleans up.

# Claims an unused number from $1 to $2 by creating a folder. Runs under a lock, because a sweep must not remove a claim that
# another run has just made.
claim_cluster() {
  local id
  exec 8>"$(state_of claims).lock"
  flock 8
  sweep
  for id in $(seq "$1" "$2"); do
    is_free "$id" || continue
    use_cluster "$id"
    mkdir "$state"
    echo $$ >"$state/owner"
    exec 8>&-
    return
  done
  fail "no number from $1 to $2 is free"
}

is_free() {
  [ ! -e "$(state_of "$1")" ] && [ -z "$(ip route show "172.30.$1.0/24")$(ip route show "10.244.$1.0/24")$(ip route show "10.96.$1.0/24")" ]
}

# Removes what killed runs left: claims whose owner and node no longer exist.
sweep() {
  local folder
  for folder in "$(state_of '')"*/; do
    [ -f "$folder/owner" ] || continue
    (
      use_cluster "$(basename "$folder" | sed 's/.*-//')"
      if ! node_pid >/dev/null && [ ! -d "/proc/$(cat "$state/owner")" ]; then remove_node; fi
    )
  done
}

# Starts the claimed node. With `tether` it dies with the calling process.
start_node() {
  local begin=$SECONDS tether=()
  [ "${1:-}" != tether ] || tether=(setpriv --pdeathsig KILL)
  write_config
  make_cgroup
  setsid "${tether[@]}" unshare --mount --net --pid --fork --mount-proc --propagation private --kill-child \
    bash "$scripts/node.sh" >>"$state/log/node.log" 2>&1 </dev/null &
  echo $! >"$state/unshare.pid"
  until pgrep -P "$(cat "$state/unshare.pid")" >"$state/node.pid"; do sleep .05; done
  connect
  until_ready "$begin"
}

until_ready() {
  local begin=$1
  until kubectl_admin get node "$node_name" 2>/dev/null | grep -qw Ready; do
    node_pid >/dev/null || { tail "$state/log/node.log" >&2; fail 'the node died'; }
    [ $((SECONDS - begin)) -lt 240 ] || fail "the node was not Ready within 240 s: see $state/log"
    sleep .2
  done
  say "$node_name of cluster $CLUSTER_ID is Ready after $((SECONDS - begin)) s"
}

# Adds a second node to the cluster. Its pid namespace is inside that of the first node, with which it therefore dies.
start_second_node() {
  local begin=$SECONDS first images=$state/images
  first=$(node_pid) || fail "cluster $CLUSTER_ID is not up"
  use_second_node
  [ ! -e "$state" ] || fail "cluster $CLUSTER_ID has a second node already"
  write_node_config
  make_cgroup
  setsid nsenter --target "$first" --pid -- unshare --mount --net --pid --fork --mount-proc --propagation private --kill-child \
    bash "$scripts/node.sh" second >>"$state/log/node.log" 2>&1 </dev/null &
  # nsenter and unshare both fork.
  until pgrep -P "$(pgrep -P $!)" >"$state/node.pid" 2>/dev/null; do sleep .05; done
  connect_nodes "$first"
  until [ -S "$state/containerd.sock" ]; do sleep .1; done
  import_images "$images"
  until_ready "$begin"
}

# A veth pair between the two nodes, and the routes of the first to what is on the second.
connect_nodes() {
  local first=$1 pid
  pid=$(node_pid)
  until [ "$(readlink "/proc/$pid/ns/net")" != "$(readlink "/proc/$first/ns/net")" ] &&
    [ "$(readlink "/proc/$pid/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep .05; done
  in_first() { nsenter --target "$first" --net -- "$@"; }
  in_first ip link add to-node2 type veth peer name eth0 netns "$pid"
  in_first ip addr add "$second_network.1/24" dev to-node2
  in_first ip link set to-node2 up
  in_first ip route add "$second_pod_network" via "$node_address"
}

remove_second_node() {
  use_second_node
  [ -d "$state" ] || return 0
  kubectl_admin delete node "$node_name" --ignore-not-found --wait=false >/dev/null || true
  end_node
  remove_cgroup "$cgroup"
  rm -rf "$state"
}

kubectl_admin() { "$programs/kubectl" --kubeconfig "$accounts/admin.kubeconfig" "$@"; }

# A veth pair between machine and node, and the routes to pods and services. All of it disappears with the node.
connect() {
  local pid
  pid=$(node_pid)
  # By now the node must have its own network namespace, not the machine's.
  until [ "$(readlink "/proc/$pid/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep .05; done
  ip link add "$link" type veth peer name eth0 netns "$pid"
  ip addr add "$network.1/24" dev "$link"
  ip link set "$link" up
  ip route add "$pod_network" via "$node_address"
  ip route add "$service_network" via "$node_address"
}

# A separate cgroup root for pods: two kubelets on one root would remove each other's pods. Must exist before the kubelet starts.
make_cgroup() {
  local controller
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p "/sys/fs/cgroup/$cgroup"
    return
  fi
  for controller in /sys/fs/cgroup/*/; do
    mkdir -p "$controller$cgroup"
    [ -f "$controller$cgroup/cpuset.cpus" ] || continue
    cat "${controller}cpuset.cpus" >"$controller$cgroup/cpuset.cpus"
    cat "${controller}cpuset.mems" >"$controller$cgroup/cpuset.mems"
  done
}

# Removes everything. Can be called at any time after the claim, and repeatedly.
remove_node() {
  end_node
  ip link del "$link" 2>/dev/null || true
  remove_cgroup "$cgroup"
  remove_cgroup "$second_cgroup"
  rm -rf "$state"
}

end_node() {
  local pid
  pid=$(node_pid) || return 0
  kill -KILL "$pid" 2>/dev/null || true
  for _ in $(seq 200); do [ -d "/proc/$pid" ] || break; sleep .05; done
}

remove_cgroup() {
  local folder
  for folder in "/sys/fs/cgroup/$1" /sys/fs/cgroup/*/"$1"; do
    [ ! -d "$folder" ] || find "$folder" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
}
