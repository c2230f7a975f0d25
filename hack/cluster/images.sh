# shellcheck shell=bash disable=SC2154
# Builds images from this checkout (hack/image) and imports them into the node, or into a kind cluster.

# Writes tarballs of the named images, or of all, to the folder $1.
pack_images() {
  (cd "$checkout" && node_modules/.bin/node hack/image/main.ts "$@" >/dev/null)
}

# Imports the named images of the folder $1, or all of them.
import_images() {
  local image folder=$1 names=("${@:2}")
  if [ ${#names[@]} = 0 ]; then
    for image in "$folder"/*.tar; do names+=("$(basename "$image" .tar)"); done
  fi
  for image in "${names[@]}"; do
    "$programs/ctr" --address "$state/containerd.sock" --namespace k8s.io images import "$folder/$image.tar" >>"$state/log/import.log" 2>&1 ||
      fail "$image could not be imported: $(tail -n 3 "$state/log/import.log")"
  done
}

# Clusters other than kind's must have reg.local/genwarden:test and reg.local/nats:2.15.2 on their nodes already.
import_into_named_cluster() {
  local context image folder=$1
  context=$(kubectl config current-context)
  case $context in
    kind-*)
      for image in genwarden nats; do kind load image-archive "$folder/$image.tar" --name "${context#kind-}" || fail "kind could not load $image"; done ;;
    *) say "$context is not a kind cluster, so its nodes must already have the images reg.local/genwarden:test and reg.local/nats:2.15.2" ;;
  esac
}
