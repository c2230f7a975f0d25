#!/bin/sh
# Installs the linters and generators of hack/openapi/package-lock.json into the cache, once per version of that file, and prints
# in one line where they are.
set -eu
cd "$(dirname "$0")/openapi"

folder=$HOME/.cache/genwarden/openapi-tools-$(cksum <package-lock.json | cut -d ' ' -f 1)

if [ ! -d "$folder" ]; then
  echo "openapi tools: installing the packages of hack/openapi/package-lock.json into $folder (once)"
  mkdir -p "$HOME/.cache/genwarden"
  work=$(mktemp -d "$folder.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM
  cp package.json package-lock.json .npmrc "$work"
  (cd "$work" && npm ci --ignore-scripts --loglevel=error --no-audit --no-fund >/dev/null)
  # Of several concurrent runs the first one wins.
  [ -d "$folder" ] || mv "$work" "$folder"
fi
echo "openapi tools: $folder/node_modules/.bin"
