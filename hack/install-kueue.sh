#!/bin/sh
# Finds or installs the Kueue of the fault suite, with its definitions, and prints in one line where it is: Kueue's own scheduler and
# controllers, without its integrations of other kinds of jobs (hack/cluster/go/kueue). It is built with Go into the cache: once, in a
# few minutes, of which most are for the clients of Kubernetes. A second run that starts meanwhile waits for the first.
set -eu
# shellcheck source=/dev/null
. "$(dirname "$0")/go-program.sh"

version=0.17.0
folder=$HOME/.cache/genwarden/kueue-$version
here=$(cd "$(dirname "$0")" && pwd)

is_installed() {
  [ -x "$folder/kueue" ] && [ -d "$folder/crds" ]
}

print_path() {
  echo "kueue $version: $folder/kueue"
}

start_build kueue 'Install Go 1.26 or later.'
echo "kueue $version: building it with Go into $folder (once, a few minutes)"
cd "$here/cluster/go/kueue"
# One package at a time, and behind everything else: a build of the clients of Kubernetes takes all cores of a small machine.
if ! CGO_ENABLED=0 GOWORK=off GOFLAGS=-mod=readonly GOMAXPROCS=1 nice go build -p 1 -trimpath -ldflags '-s -w' -o "$work/kueue" . \
  >"$work/log" 2>&1 9>&-; then
  echo "kueue: Go failed: $(tail -n 1 "$work/log")" >&2
  exit 1
fi
cp -r "$(GOFLAGS=-mod=readonly go list -m -f '{{.Dir}}' sigs.k8s.io/kueue)/config/components/crd/bases" "$work/crds"
chmod -R u+w "$work/crds"
rm -rf "$folder/crds"
mv "$work/crds" "$work/kueue" "$folder"
print_path
