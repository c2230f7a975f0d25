#!/bin/sh
# Renders the chart into k8s/: one folder for each values.yaml. The custom resource definitions stay in the chart.
# Usage: hack/render-k8s.sh [FOLDER]     (default: k8s of this checkout)
set -eu

checkout=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$checkout/k8s}

command -v helm >/dev/null || { echo 'render-k8s: helm is not on PATH' >&2; exit 1; }

# Drops the labels that say helm manages the objects, because kubectl applies these.
render() {
  helm template genwarden "$checkout/charts/genwarden" --namespace genwarden --kube-version 1.30.0 --skip-tests "$@" |
    sed -e '/^ *helm\.sh\/chart: /d' -e '/^ *app\.kubernetes\.io\/managed-by: Helm$/d'
}

header='# Rendered from charts/genwarden by `make manifests`. Edit the chart or values.yaml instead.'

for values in "$checkout"/k8s/*/values.yaml; do
  name=$(basename "$(dirname "$values")")
  mkdir -p "$out/$name"
  { echo "$header"; render --set crds.enabled=false --values "$values"; } >"$out/$name/genwarden.yaml"
done
