{{/*
Secrets that no value names. The chart does not render them, so that two renderings are equal: the init container of the operator
creates them in the cluster (src/operator/secrets).
*/}}

{{/* The entries of the secret with the passwords of the NATS users, as JSON. That of routes is there before three servers need it. */}}
{{- define "genwarden.natsEntries" -}}
{{- $entries := list -}}
{{- range append (include "genwarden.natsServerUsers" . | fromJsonArray) "route" | uniq -}}
{{- $entries = append $entries (printf "%s-password" .) -}}
{{- end -}}
{{- $entries | toJson -}}
{{- end -}}

{{/* The secrets that the operator creates, as a JSON list; [] if values name all of them. */}}
{{- define "genwarden.createdSecrets" -}}
{{- $created := list -}}
{{- if and (not .Values.nats.auth.existingSecret) (not .Values.nats.external.urls) -}}
{{- $entries := include "genwarden.natsEntries" . | fromJsonArray -}}
{{- $labels := include "genwarden.createdLabels" (dict "root" . "component" "nats") | fromYaml -}}
{{- $created = append $created (dict "name" (include "genwarden.natsSecret" .) "labels" $labels "generate" "passwords" "entries" $entries) -}}
{{- end -}}
{{- if and .Values.api.auth.enabled (not .Values.api.auth.existingSecret) -}}
{{- $labels := include "genwarden.createdLabels" (dict "root" . "component" "api") | fromYaml -}}
{{- $created = append $created (dict "name" (include "genwarden.tokenSecret" .) "labels" $labels "generate" "adminToken") -}}
{{- end -}}
{{- $created | toJson -}}
{{- end -}}

{{/* Labels of a created secret: those that stay the same in the next version. */}}
{{- define "genwarden.createdLabels" -}}
{{ include "genwarden.selectorLabels" . }}
app.kubernetes.io/managed-by: genwarden-operator
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The names of the created secrets, as a JSON list. */}}
{{- define "genwarden.createdSecretNames" -}}
{{- $names := list -}}
{{- range include "genwarden.createdSecrets" . | fromJsonArray -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- $names | toJson -}}
{{- end -}}
