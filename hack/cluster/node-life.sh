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
  until kubectl_admin get node "$node_name" 2>/dev/null | grep -qw Ready; do
    node_pid >/dev/null || { tail "$state/log/node.log" >&2; fail 'the node died'; }
    [ $((SECONDS - begin)) -lt 240 ] || fail "the node was not Ready within 240 s: see $state/log"
    sleep .2
  done
  say "node of cluster $CLUSTER_ID is Ready after $((SECONDS - begin)) s"
}

kubectl_admin() { "$programs/kubectl" --kubeconfig "$state/admin.kubeconfig" "$@"; }

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
  local pid folder
  if pid=$(node_pid); then
    kill -KILL "$pid" 2>/dev/null || true
    for _ in $(seq 200); do [ -d "/proc/$pid" ] || break; sleep .05; done
  fi
  ip link del "$link" 2>/dev/null || true
  for folder in "/sys/fs/cgroup/$cgroup" /sys/fs/cgroup/*/"$cgroup"; do
    [ ! -d "$folder" ] || find "$folder" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
  rm -rf "$state"
}
