#!/bin/sh
# Finds or installs the judges of the chart and of its resources, and prints in one line each where they are. kube-score and kstatus are
# built with Go into the cache, checkov comes from PyPI into a virtual environment there: once, about two minutes and 300 MB.
set -eu
cd "$(dirname "$0")/.."

cache=$HOME/.cache/genwarden
score_version=1.20.0
score=$cache/kube-score-$score_version
kstatus=$cache/kstatus-$(cat hack/chart-judges/kstatus/* | cksum | cut -d ' ' -f 1)
requirements=hack/chart-judges/requirements.txt
checkov=$cache/checkov-$(cksum <"$requirements" | cut -d ' ' -f 1)

work=
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# build NAME FOLDER COMMAND...: the command leaves the program NAME in the folder $GOBIN. Go verifies its downloads by checksums.
build() {
  program=$1 folder=$2
  shift 2
  if [ ! -x "$folder/$program" ]; then
    command -v go >/dev/null || { echo "$program: building it requires Go 1.24 or later, which is not on PATH." >&2; exit 1; }
    mkdir -p "$folder"
    work=$(mktemp -d "$folder.XXXXXX")
    echo "$program: building it with Go into $folder (once)"
    if ! GOWORK=off GOBIN=$work nice -n 10 "$@" >"$work/log" 2>&1; then
      echo "$program: Go failed: $(tail -n 1 "$work/log")" >&2
      exit 1
    fi
    mv "$work/$program" "$folder/$program"
    rm -rf "$work"
  fi
  echo "$program: $folder/$program"
}

build kube-score "$score" env GOFLAGS=-mod=mod go install -trimpath "github.com/zegl/kube-score/cmd/kube-score@v$score_version"
build kstatus "$kstatus" env CGO_ENABLED=0 go -C hack/chart-judges/kstatus install -trimpath .

if [ ! -e "$checkov/.installed" ]; then
  python=$(command -v python3 || true)
  if [ -z "$python" ] || ! "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
    echo "checkov: it requires Python 3.10 or later with venv, which is not on PATH." >&2
    exit 1
  fi
  rm -rf "$checkov"
  echo "checkov: installing the packages of $requirements into $checkov (once)"
  "$python" -m venv "$checkov"
  nice -n 10 "$checkov/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements"
  touch "$checkov/.installed"
fi
echo "checkov: $checkov/bin/checkov"
