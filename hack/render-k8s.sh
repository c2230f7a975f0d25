#!/bin/sh
# Renders k8s/ from the chart: one folder for each values.yaml in it. The custom resources' definitions stay where they are.
# Usage: hack/render-k8s.sh [FOLDER]     (default: k8s of this checkout)
set -eu

checkout=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$checkout/k8s}

command -v helm >/dev/null || { echo 'render-k8s: needs helm on PATH' >&2; exit 1; }

# What says that helm manages the objects would not be true; the blank first line is helm's.
render() {
  helm template genwarden "$checkout/charts/genwarden" --namespace genwarden --kube-version 1.30.0 --skip-tests "$@" |
    sed -e '/^ *helm\.sh\/chart: /d' -e '/^ *app\.kubernetes\.io\/managed-by: Helm$/d'
}

header='# Rendered from charts/genwarden by `make manifests`: change the chart or values.yaml, not this file.'

for values in "$checkout"/k8s/*/values.yaml; do
  name=$(basename "$(dirname "$values")")
  mkdir -p "$out/$name"
  { echo "$header"; render --set crds.enabled=false --values "$values"; } >"$out/$name/genwarden.yaml"
done
