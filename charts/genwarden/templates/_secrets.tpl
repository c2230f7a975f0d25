{{/*
Generated secrets. Existing ones stay unchanged, so that an upgrade changes nothing. New ones are generated once per rendering,
so that the checksums on pods match the secrets.
*/}}

{{/* The data of a secret in the cluster, as JSON; {} if the secret does not exist or there is no cluster. */}}
{{- define "genwarden.secretInCluster" -}}
{{- $found := lookup "v1" "Secret" .root.Release.Namespace .name | default dict -}}
{{- get $found "data" | default dict | toJson -}}
{{- end -}}

{{/* The data of all generated secrets by secret name, in base64, as JSON. */}}
{{- define "genwarden.generated" -}}
{{- if not (hasKey .Values "generated") -}}
{{- $_ := set .Values "generated" (dict "nats" (include "genwarden.newNatsAuth" . | fromJson) "token" (include "genwarden.newToken" . | fromJson)) -}}
{{- end -}}
{{- .Values.generated | toJson -}}
{{- end -}}

{{- define "genwarden.newNatsAuth" -}}
{{- $name := include "genwarden.natsSecret" . -}}
{{- $data := include "genwarden.secretInCluster" (dict "root" . "name" $name) | fromJson -}}
{{- if not .Values.nats.auth.existingSecret -}}
{{- range include "genwarden.natsServerUsers" . | fromJsonArray -}}
{{- $key := printf "%s-password" . -}}
{{- if not (hasKey $data $key) -}}
{{- $_ := set $data $key (randAlphaNum 40 | b64enc) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $data | toJson -}}
{{- end -}}

{{/* Must match src/api/auth/createToken.ts: the API compares SHA-256 hashes of tokens. */}}
{{- define "genwarden.newToken" -}}
{{- $name := include "genwarden.tokenSecret" . -}}
{{- $data := include "genwarden.secretInCluster" (dict "root" . "name" $name) | fromJson -}}
{{- if not .Values.api.auth.existingSecret -}}
{{- if not (hasKey $data "token") -}}
{{- $_ := set $data "token" (printf "gw_%s" (randAlphaNum 43) | b64enc) -}}
{{- $_ := unset $data "tokens.json" -}}
{{- end -}}
{{- if not (hasKey $data "tokens.json") -}}
{{- $hash := printf "sha256:%s" (get $data "token" | b64dec | sha256sum) -}}
{{- $created := dateInZone "2006-01-02T15:04:05.000Z" now "UTC" -}}
{{- $entry := dict "id" "tok_admin" "name" "admin" "hash" $hash "tenant" "default" "scopes" (list "admin") "createdAt" $created -}}
{{- $_ := set $data "tokens.json" (dict "tokens" (list $entry) | toPrettyJson | b64enc) -}}
{{- end -}}
{{- end -}}
{{- $data | toJson -}}
{{- end -}}

{{/* Checksum annotations: they restart the pods when a secret that is read at the start changes. Arguments: root, component. */}}
{{- define "genwarden.natsChecksum" -}}
{{- $nats := .root.Values.nats -}}
{{- $creds := dict -}}
{{- range list $nats.auth.credsSecret $nats.external.tls.caSecret $nats.external.tls.clientSecret -}}
{{- if . -}}
{{- $_ := set $creds . (include "genwarden.secretInCluster" (dict "root" $.root "name" .)) -}}
{{- end -}}
{{- end -}}
{{- $passwords := get (include "genwarden.generated" .root | fromJson) "nats" -}}
{{- $own := dict "password" (get $passwords (printf "%s-password" .component)) -}}
{{- if eq .component "controller" -}}
{{- $_ := set $own "system" (get $passwords "system-password") -}}
{{- end -}}
checksum/nats-auth: {{ list $own $creds | toJson | sha256sum }}
{{- end -}}
