{{/* Names, labels and images of all objects. */}}

{{/* At most 40 characters, so that names derived from it fit into the 63 of a Service or a label. */}}
{{- define "genwarden.fullname" -}}
{{- $name := .Values.nameOverride | default "genwarden" -}}
{{- $long := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- include "genwarden.shortened" (dict "name" (.Values.fullnameOverride | default $long) "max" 40) -}}
{{- end -}}

{{/* A name that is too long ends in a hash of it, so that two long names that begin alike stay different. Arguments: name, max. */}}
{{- define "genwarden.shortened" -}}
{{- if le (len .name) (int .max) -}}
{{- .name | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" (.name | trunc (int (sub .max 9)) | trimSuffix "-") (.name | sha256sum | trunc 8) -}}
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

{{/* Image reference; `tag` is the default tag. Arguments: root, image, tag. */}}
{{- define "genwarden.imageOf" -}}
{{- with (.root.Values.global).imageRegistry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- if .image.digest -}}
{{- printf "%s@%s" .image.repository .image.digest -}}
{{- else -}}
{{- printf "%s:%s" .image.repository (.image.tag | default .tag) -}}
{{- end -}}
{{- end -}}

{{- define "genwarden.image" -}}
{{- include "genwarden.imageOf" (dict "root" . "image" .Values.image "tag" .Chart.AppVersion) -}}
{{- end -}}

{{- define "genwarden.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "genwarden.fullname" .) -}}
{{- end -}}

{{- define "genwarden.operatorServiceAccount" -}}
{{- .Values.operator.serviceAccount.name | default (printf "%s-operator" (include "genwarden.fullname" .)) -}}
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
