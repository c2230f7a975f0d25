{{/* Names, labels and images of all objects. */}}

{{- define "genwarden.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains "genwarden" .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-genwarden" (.Release.Name | trunc 30 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{/* Name prefix of cluster-scoped objects. */}}
{{- define "genwarden.clusterName" -}}
{{- printf "%s-%s" .Release.Namespace (include "genwarden.fullname" .) -}}
{{- end -}}

{{/* Labels that select a component's pods. Arguments: root, component. */}}
{{- define "genwarden.selectorLabels" -}}
app.kubernetes.io/name: genwarden
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "genwarden.labels" -}}
{{ include "genwarden.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Image reference; `tag` is the default tag. Arguments: image, tag. */}}
{{- define "genwarden.imageOf" -}}
{{- if .image.digest -}}
{{- printf "%s@%s" .image.repository .image.digest -}}
{{- else -}}
{{- printf "%s:%s" .image.repository (.image.tag | default .tag) -}}
{{- end -}}
{{- end -}}

{{- define "genwarden.image" -}}
{{- include "genwarden.imageOf" (dict "image" .Values.image "tag" .Chart.AppVersion) -}}
{{- end -}}

{{- define "genwarden.tokenSecret" -}}
{{- .Values.api.auth.existingSecret | default (printf "%s-api-token" (include "genwarden.fullname" .)) -}}
{{- end -}}

{{- define "genwarden.natsSecret" -}}
{{- .Values.nats.auth.existingSecret | default (printf "%s-nats-auth" (include "genwarden.fullname" .)) -}}
{{- end -}}

{{/* Name of the secret with the Gemini keys; empty without keys. The stand-in's key is not confidential, but a WorkerPool takes keys only from secrets. */}}
{{- define "genwarden.geminiSecret" -}}
{{- if .Values.gemini.existingSecret -}}
{{- .Values.gemini.existingSecret -}}
{{- else if or .Values.gemini.apiKeys .Values.standin.enabled -}}
{{- printf "%s-gemini-keys" (include "genwarden.fullname" .) -}}
{{- end -}}
{{- end -}}
