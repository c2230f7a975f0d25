# shellcheck shell=bash disable=SC2154
# Checks whether this machine can run a node. Installs missing Debian packages, and says which.

packages=(runc containernetworking-plugins nftables iproute2 openssl)

check_machine() {
  if [ "$(uname -s)" != Linux ] || [ "$(id -u)" != 0 ]; then
    fail 'a cluster of its own needs Linux and root. Name one that runs (kind, say) by KUBECONFIG instead.'
  fi
  install_packages
  try 'namespaces of its own (CAP_SYS_ADMIN)' unshare --mount --net --pid --fork --mount-proc true
  try overlayfs grep -qw overlay /proc/filesystems
  try 'veth pairs' unshare --net ip link add v0 type veth peer name v1
  try 'nftables with NAT' unshare --net nft 'add table ip t; add chain ip t c { type nat hook postrouting priority 100; }; add rule ip t c masquerade'
  try 'the cgroup controllers of containers' has_cgroups
}

try() {
  local what=$1
  shift
  "$@" >/dev/null 2>&1 || fail "this machine lacks $what ($*). Name a cluster that runs by KUBECONFIG instead."
}

has_cgroups() {
  [ -e /sys/fs/cgroup/cgroup.controllers ] || ls -d /sys/fs/cgroup/{cpu,cpuacct,cpuset,memory,devices,freezer,pids}
}

install_packages() {
  if command -v runc nft ip openssl >/dev/null && network_plugins >/dev/null; then return; fi
  command -v apt-get >/dev/null || fail "needs ${packages[*]}: install them (no apt-get here)."
  say "installing ${packages[*]} with apt-get"
  { apt-get update && apt-get install -y --no-install-recommends "${packages[@]}"; } >/dev/null 2>&1 ||
    fail "apt-get could not install ${packages[*]}"
}

# The folders used by Debian and by the plugins' own archive.
network_plugins() {
  local folder
  for folder in /usr/lib/cni /opt/cni/bin; do
    if [ -x "$folder/ptp" ] && [ -x "$folder/host-local" ]; then echo "$folder"; return; fi
  done
  return 1
}
