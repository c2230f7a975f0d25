# shellcheck shell=bash disable=SC2154
# Collects the programs of a cluster as links in one folder. Searches KUBEBUILDER_ASSETS, the cache and PATH for the required
# versions, and builds missing ones with Go into the cache, from modules whose hashes are pinned.

kubernetes_programs=(kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl)
containerd_programs=(containerd containerd-shim-runc-v2 ctr)

# $1 is the folder for the links; the rest selects the clients only, or `all`.
provide_programs() {
  local folder=$1 which=${2:-all} name
  local names=(kubectl helm)
  [ "$which" != all ] || names=("${kubernetes_programs[@]}" "${containerd_programs[@]}" etcd coredns helm)
  mkdir -p "$folder" "$cache"
  # A lock keeps concurrent runs from building the same program.
  exec 9>"$cache/.cluster-programs.lock"
  flock 9
  for name in "${names[@]}"; do
    provide "$name" || fail "$name could not be built; see above"
    ln -sf "$found" "$folder/$name"
  done
  exec 9>&-
}

provide() {
  find_program "$1" && return
  build "$1" && find_program "$1"
}

# Sets `found`.
find_program() {
  local name=$1 version candidate
  version=$(version_for "$name")
  for candidate in "${KUBEBUILDER_ASSETS:+$KUBEBUILDER_ASSETS/$name}" "$(cached "$name")" "$(command -v "$name")"; do
    [ -x "$candidate" ] || continue
    if [ "$candidate" = "$(cached "$name")" ] || is_version "$candidate" "$name" "$version"; then
      found=$(readlink -f "$candidate")
      return
    fi
  done
  return 1
}

version_for() {
  case $1 in
    kube*) echo "$kubernetes_version" ;;
    etcd) echo "$etcd_version" ;;
    coredns) echo "$coredns_version" ;;
    helm) echo "$helm_version" ;;
    *) echo "$containerd_version" ;;
  esac
}

family_of() {
  case $1 in
    kube*) echo kubernetes ;;
    containerd* | ctr) echo containerd ;;
    *) echo "$1" ;;
  esac
}

cached() { echo "$cache/$(family_of "$1")-$(version_for "$1")/$1"; }

# Any patch version of the same minor version is accepted. A shim belongs to its containerd, which the cache has completely or not
# at all.
is_version() {
  local program=$1 name=$2 version=$3 ask=--version
  case $name in
    kubectl) ask='version --client' ;;
    helm) ask='version --short' ;;
    containerd* | ctr) return 1 ;;
  esac
  # shellcheck disable=SC2086
  timeout 20 "$program" $ask 2>/dev/null | grep -qE "[ v:-]v?${version%.*}\."
}

build() {
  local name=$1 work log status=0
  command -v go >/dev/null || fail "$name $(version_for "$name") is neither in KUBEBUILDER_ASSETS nor in $cache nor on PATH, and there is no Go to build it with."
  if [ -z "${announced:-}" ]; then
    say "building what is missing with Go, once, into $cache: about a quarter of an hour on two cores where nothing is there"
    announced=yes
  fi
  say "building $name $(version_for "$name")"
  work=$(mktemp -d "$cache/build.XXXXXX")
  log=$work.log
  compile "$name" "$work/$name" >"$log" 2>&1 || status=$?
  if [ "$status" = 0 ]; then
    mkdir -p "$(dirname "$(cached "$name")")"
    mv "$work/$name" "$(cached "$name")"
  else
    tail -n 20 "$log" >&2
  fi
  rm -rf "$work" "$log"
  return "$status"
}

# Builds the program $1 into $2. Without the version, kubectl and helm could not parse the version of the API server.
compile() {
  local name=$1 to=$2 stamp
  export CGO_ENABLED=0 GOFLAGS=-mod=readonly
  case $(family_of "$name") in
    kubernetes)
      stamp=k8s.io/component-base/version
      (cd "$scripts/go/kubernetes" && go build -o "$to" -ldflags "-s -w -X $stamp.gitVersion=v$kubernetes_version \
        -X $stamp.gitMajor=1 -X $stamp.gitMinor=36 -X $stamp.gitTreeState=clean -X $stamp.buildDate=2026-01-01T00:00:00Z" \
        "k8s.io/kubernetes/cmd/$name") ;;
    etcd) (cd "$scripts/go/etcd" && go build -o "$to" -ldflags '-s -w' go.etcd.io/etcd/server/v3) ;;
    coredns) (cd "$scripts/go/coredns" && go build -o "$to" -ldflags '-s -w' .) ;;
    containerd)
      go_install "$to" "-X github.com/containerd/containerd/v2/version.Version=$containerd_version" \
        "github.com/containerd/containerd/v2/cmd/$name@v$containerd_version" ;;
    helm)
      # `helm template` and `helm lint` take the version of Helm's own client for the cluster's.
      stamp="-X helm.sh/helm/v3/pkg/chartutil.k8sVersion -X helm.sh/helm/v3/pkg/lint/rules.k8sVersion"
      go_install "$to" "-X helm.sh/helm/v3/internal/version.version=v$helm_version \
        ${stamp//k8sVersion/k8sVersionMajor=1} ${stamp//k8sVersion/k8sVersionMinor=37}" \
        "helm.sh/helm/v3/cmd/helm@v$helm_version" ;;
  esac
}

# Modules without replace lines have their own go.sum, which Go verifies against its checksum database.
go_install() {
  local to=$1 flags=$2 module=$3
  GOBIN=$(dirname "$to") GOFLAGS='' go install -ldflags "-s -w $flags" "$module"
}
