#!/bin/sh
# Makes the secrets that k8s/development and k8s/production name, where they are not there yet; prints no secret.
# Usage: [GEMINI_API_KEY=…] [NATS_CA=ca.crt] k8s/create-secrets.sh [NAMESPACE]
#
#   genwarden-api-token    token, tokens.json                        the admin's token, and its hash for the API
#   genwarden-nats-auth    {api,worker,controller,operator,system}-password   give your own NATS the same users and passwords
#   genwarden-gemini-keys  api-key                                   any text where the stand-in answers
#   genwarden-nats-ca      ca.crt                                    with NATS_CA only: the authority of your NATS
set -eu

namespace=${1:-genwarden}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# 256 bits, in letters and digits that need no quotes anywhere.
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

there() { kubectl get secret "$1" -n "$namespace" >/dev/null 2>&1; }

# Files, so that no secret stands in the list of processes.
create() {
  kubectl create secret generic "$1" -n "$namespace" --from-file="$folder/$1" >/dev/null
  kubectl label secret "$1" -n "$namespace" app.kubernetes.io/name=genwarden >/dev/null
  echo "made secret $1"
}

kubectl get namespace "$namespace" >/dev/null 2>&1 || kubectl create namespace "$namespace"

if there genwarden-api-token; then echo 'secret genwarden-api-token is there'; else
  mkdir "$folder/genwarden-api-token"
  printf 'gw_%s' "$(random)" >"$folder/genwarden-api-token/token"
  hash=$(sha256sum <"$folder/genwarden-api-token/token" | cut -d ' ' -f 1)
  printf '{"tokens":[{"id":"tok_admin","name":"admin","hash":"sha256:%s","tenant":"default","scopes":["admin"],"createdAt":"%s"}]}\n' \
    "$hash" "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" >"$folder/genwarden-api-token/tokens.json"
  create genwarden-api-token
fi

if there genwarden-nats-auth; then echo 'secret genwarden-nats-auth is there'; else
  mkdir "$folder/genwarden-nats-auth"
  for user in api worker controller operator system; do
    # A letter first: NATS would read digits as a number.
    printf 'p%s' "$(random)" >"$folder/genwarden-nats-auth/$user-password"
  done
  create genwarden-nats-auth
fi

if there genwarden-gemini-keys; then echo 'secret genwarden-gemini-keys is there'; else
  mkdir "$folder/genwarden-gemini-keys"
  printf '%s' "${GEMINI_API_KEY:-standin}" >"$folder/genwarden-gemini-keys/api-key"
  create genwarden-gemini-keys
fi

if [ -n "${NATS_CA:-}" ] && ! there genwarden-nats-ca; then
  mkdir "$folder/genwarden-nats-ca"
  cp "$NATS_CA" "$folder/genwarden-nats-ca/ca.crt"
  create genwarden-nats-ca
fi
