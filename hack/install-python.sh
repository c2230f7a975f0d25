#!/bin/sh
# Installs the Python tools of hack/python/requirements.txt into a virtual environment in the cache, once per version of that
# file, and prints in one line where its interpreter is. They test the Python client and check the OpenAPI document.
set -eu
cd "$(dirname "$0")/.."

requirements=hack/python/requirements.txt
folder=$HOME/.cache/genwarden/python-$(cksum <"$requirements" | cut -d ' ' -f 1)

if [ -e "$folder/.installed" ]; then
  echo "python tools: $folder/bin/python"
  exit 0
fi
python=$(command -v python3 || true)
if [ -z "$python" ] || ! "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
  echo "python tools: they require Python 3.10 or later with venv, which is not on PATH." >&2
  echo "Install it, on Debian with: apt-get install python3 python3-venv" >&2
  exit 1
fi
rm -rf "$folder"
echo "python tools: installing the packages of $requirements into $folder (once, about 20 seconds)"
"$python" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$requirements"
touch "$folder/.installed"
echo "python tools: $folder/bin/python"
