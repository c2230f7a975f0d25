{{/*
Rejects an upgrade that would install everything a second time under other names, with a NATS that has no jobs: after a change of
`fullnameOverride` or `nameOverride`, or of how this chart shortens long names.
*/}}
{{- define "genwarden.checkNames" -}}
{{- if .Release.IsUpgrade -}}
{{- $api := printf "%s-api" (include "genwarden.fullname" .) -}}
{{- range (lookup "apps/v1" "Deployment" .Release.Namespace "").items -}}
{{- $ours := eq (dig "annotations" "meta.helm.sh/release-name" "" .metadata) $.Release.Name -}}
{{- if and $ours (eq (dig "labels" "app.kubernetes.io/component" "" .metadata) "api") (ne .metadata.name $api) -}}
{{- $before := trimSuffix "-api" .metadata.name -}}
{{- fail (printf "The objects of this release are named %s, and would be named %s, with a new NATS that has none of the jobs. Set fullnameOverride: %s" $before (trimSuffix "-api" $api) $before) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
