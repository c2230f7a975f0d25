# shellcheck shell=bash disable=SC2154
# Writes the accounts of a cluster and the configuration of containerd, network, kubelet, kube-proxy and DNS.

write_config() {
  write_node_config
  write_accounts
  write_front_proxy
  write_dns
}

# What every node has; a second node uses the accounts and the DNS of the first.
write_node_config() {
  mkdir -p "$state"/{cni,log,plugins,pods,volumes,stopped,pids,sysctl}
  write_containerd
  write_network
  write_kubelet
  write_kube_proxy
}

# Only this machine can reach the cluster, so its tokens need not be secret.
write_accounts() {
  openssl genrsa -out "$state/service-accounts.key" 2048 2>/dev/null
  cat >"$state/tokens.csv" <<Y
admin,admin,u1,"system:masters"
scheduler,system:kube-scheduler,u2
kubelet,system:node:node1,u3,"system:nodes"
proxy,system:kube-proxy,u4
kubelet2,system:node:node2,u5,"system:nodes"
Y
  local account
  for account in admin scheduler kubelet proxy kubelet2; do
    cat >"$state/$account.kubeconfig" <<Y
apiVersion: v1
kind: Config
clusters: [{name: genwarden, cluster: {server: "https://$server_address:6443", insecure-skip-tls-verify: true}}]
users: [{name: $account, user: {token: $account}}]
contexts: [{name: genwarden, context: {cluster: genwarden, user: $account}}]
current-context: genwarden
Y
  done
}

# With this certificate the API server shows aggregated APIs that a request comes from it.
write_front_proxy() {
  local path=$state/front-proxy
  openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=front-proxy-ca -keyout "$path-ca.key" -out "$path-ca.crt" 2>/dev/null
  openssl req -newkey rsa:2048 -nodes -subj /CN=front-proxy-client -keyout "$path-client.key" -out "$path-client.csr" 2>/dev/null
  openssl x509 -req -in "$path-client.csr" -CA "$path-ca.crt" -CAkey "$path-ca.key" -CAcreateserial -days 3650 \
    -out "$path-client.crt" 2>/dev/null
}

# Root may lack the right to lower oom_score_adj (CAP_SYS_RESOURCE): runc would fail without restrict_oom_score_adj.
write_containerd() {
  cat >"$state/containerd.toml" <<Y
version = 3
root = "$state/containerd"
state = "/run/containerd-state"
[grpc]
  address = "$state/containerd.sock"
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "reg.local/pause:1"
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      BinaryName = "$(command -v runc)"
      SystemdCgroup = false
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["$(network_plugins)"]
    conf_dir = "$state/cni"
Y
}

# Routed, without a bridge, so that a pod can reach itself through its Service and br_netfilter is not needed.
write_network() {
  cat >"$state/cni/10-ptp.conflist" <<Y
{"cniVersion": "1.0.0", "name": "ptp", "plugins": [{"type": "ptp", "ipMasq": false, "mtu": 1500,
 "ipam": {"type": "host-local", "dataDir": "/run/cni-ipam", "ranges": [[{"subnet": "$pod_network"}]],
  "routes": [{"dst": "0.0.0.0/0"}]}}]}
Y
}

# Images cannot be pulled again, so none may be garbage-collected. A full disk of the machine must not cause evictions.
write_kubelet() {
  : >"$state/resolv.conf"
  cat >"$state/kubelet.yaml" <<Y
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupRoot: /$cgroup
containerRuntimeEndpoint: unix://$state/containerd.sock
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
clusterDomain: cluster.local
clusterDNS: ["$server_address"]
resolvConf: $state/resolv.conf
podLogsDir: $state/pods
volumePluginDir: $state/plugins
failSwapOn: false
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%, nodefs.inodesFree: 1%}
maxOpenFiles: $(ulimit -Hn)
nodeStatusUpdateFrequency: 10s
Y
}

# conntrack's limits belong to the machine, so kube-proxy must not change them.
write_kube_proxy() {
  cat >"$state/kube-proxy.yaml" <<Y
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: $accounts/proxy.kubeconfig}
mode: nftables
clusterCIDR: $pod_network
hostnameOverride: $node_name
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
Y
}

write_dns() {
  cat >"$state/Corefile" <<Y
.:53 {
  bind $node_address
  errors
  kubernetes cluster.local in-addr.arpa {
    kubeconfig $state/admin.kubeconfig
    pods insecure
    ttl 5
  }
}
Y
}
