{{/* IP families of a Service. Argument: root. */}}
{{- define "genwarden.ipFamilies" -}}
{{- with (.Values.global).ipFamilyPolicy }}
ipFamilyPolicy: {{ . }}
{{- end }}
{{- with (.Values.global).ipFamilies }}
ipFamilies:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/*
Whether to create an object of a kind of another project: not in a cluster that lacks the kind. Without a cluster, helm knows only
the kinds that are built in, and not the API for aggregation. Arguments: root, kind. Empty means no.
*/}}
{{- define "genwarden.hasKind" -}}
{{- $versions := .root.Capabilities.APIVersions -}}
{{- if or ($versions.Has .kind) (not ($versions.Has "apiregistration.k8s.io/v1")) -}}true{{- end -}}
{{- end -}}
