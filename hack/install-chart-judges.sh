#!/bin/sh
# Finds or installs the judges of charts, kube-score and checkov, and prints in one line each where they are. kube-score is built with
# Go into the cache, checkov comes from PyPI into a virtual environment there: once, about a minute and 300 MB.
set -eu
cd "$(dirname "$0")/.."

cache=$HOME/.cache/genwarden
score_version=1.20.0
score=$cache/kube-score-$score_version
requirements=hack/chart-judges/requirements.txt
checkov=$cache/checkov-$(cksum <"$requirements" | cut -d ' ' -f 1)

if [ ! -x "$score/kube-score" ]; then
  command -v go >/dev/null || { echo "kube-score: building it requires Go 1.23 or later, which is not on PATH." >&2; exit 1; }
  mkdir -p "$score"
  work=$(mktemp -d "$score.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM
  echo "kube-score $score_version: building it with Go into $score (once)"
  # Go verifies its downloads against its checksum database.
  if ! GOWORK=off GOBIN=$work GOFLAGS=-mod=mod nice -n 10 go install -trimpath "github.com/zegl/kube-score/cmd/kube-score@v$score_version" >"$work/log" 2>&1; then
    echo "kube-score: Go failed: $(tail -n 1 "$work/log")" >&2
    exit 1
  fi
  mv "$work/kube-score" "$score/kube-score"
fi
echo "kube-score $score_version: $score/kube-score"

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
