#!/bin/sh
# Creates the secrets that k8s/development and k8s/production refer to, unless they exist. Prints no secret values.
# Usage: [GEMINI_API_KEY=…] [NATS_CA=ca.crt] k8s/create-secrets.sh [NAMESPACE]
#
#   genwarden-api-token    token, tokens.json                        the admin token, and its hash for the API
#   genwarden-nats-auth    {api,worker,controller,operator,system}-password   an external NATS needs the same users and passwords
#                          route-password                          of three NATS servers of the chart for each other
#   genwarden-gemini-keys  api-key                                   any text works with the stand-in
#   genwarden-nats-ca      ca.crt                                    only with NATS_CA: the certificate authority of your NATS
set -eu

namespace=${1:-genwarden}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# 256 bits as hex digits, which need no quoting.
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

there() { kubectl get secret "$1" -n "$namespace" >/dev/null 2>&1; }

# Passes the values as files, so that they do not appear in the process list.
create() {
  kubectl create secret generic "$1" -n "$namespace" --from-file="$folder/$1" >/dev/null
  kubectl label secret "$1" -n "$namespace" app.kubernetes.io/name=genwarden >/dev/null
  echo "created secret $1"
}

kubectl get namespace "$namespace" >/dev/null 2>&1 || kubectl create namespace "$namespace"

if there genwarden-api-token; then echo 'secret genwarden-api-token exists'; else
  mkdir "$folder/genwarden-api-token"
  printf 'gw_%s' "$(random)" >"$folder/genwarden-api-token/token"
  hash=$(sha256sum <"$folder/genwarden-api-token/token" | cut -d ' ' -f 1)
  printf '{"tokens":[{"id":"tok_admin","name":"admin","hash":"sha256:%s","tenant":"default","scopes":["admin"],"createdAt":"%s"}]}\n' \
    "$hash" "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" >"$folder/genwarden-api-token/tokens.json"
  create genwarden-api-token
fi

if there genwarden-nats-auth; then echo 'secret genwarden-nats-auth exists'; else
  mkdir "$folder/genwarden-nats-auth"
  for user in api worker controller operator system route; do
    # Starts with a letter, because NATS would parse digits as a number.
    printf 'p%s' "$(random)" >"$folder/genwarden-nats-auth/$user-password"
  done
  create genwarden-nats-auth
fi

if there genwarden-gemini-keys; then echo 'secret genwarden-gemini-keys exists'; else
  mkdir "$folder/genwarden-gemini-keys"
  printf '%s' "${GEMINI_API_KEY:-standin}" >"$folder/genwarden-gemini-keys/api-key"
  create genwarden-gemini-keys
fi

if [ -n "${NATS_CA:-}" ] && ! there genwarden-nats-ca; then
  mkdir "$folder/genwarden-nats-ca"
  cp "$NATS_CA" "$folder/genwarden-nats-ca/ca.crt"
  create genwarden-nats-ca
fi
