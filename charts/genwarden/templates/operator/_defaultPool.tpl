{{/*
The first WorkerPool. The operator creates it, because a chart cannot contain a resource whose kind it defines itself, and a
hook would delete the pool and its workers on each upgrade.
*/}}
{{- define "genwarden.defaultPool" -}}
{{- $pool := .Values.defaultPool -}}
apiVersion: genwarden.dev/v1alpha1
kind: WorkerPool
metadata:
  name: {{ $pool.name }}
  labels:
    {{- include "genwarden.selectorLabels" (dict "root" . "component" "pool") | nindent 4 }}
    {{- with .Values.commonLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  provider: {{ $pool.provider }}
  models:
    {{- toYaml $pool.models | nindent 4 }}
  concurrency: {{ $pool.concurrency }}
  {{- if $pool.autoscaling.enabled }}
  autoscaling:
    {{- omit $pool.autoscaling "enabled" | toYaml | nindent 4 }}
  {{- else }}
  replicas: {{ $pool.replicas }}
  {{- end }}
  {{- with include "genwarden.poolBaseUrl" . }}
  baseUrl: {{ . | quote }}
  {{- end }}
  keys:
    {{- include "genwarden.poolKeys" . | nindent 4 }}
  {{- with $pool.policy }}
  policy:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $pool.prices }}
  prices:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $pool.budgets }}
  budgets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $pool.providerOptions }}
  providerOptions:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $pool.allowedNamespaces }}
  allowedNamespaces:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $pool.template }}
  template:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "genwarden.poolBaseUrl" -}}
{{- if .Values.standin.enabled -}}
{{- printf "http://%s-standin%s" (include "genwarden.fullname" .) (eq .Values.defaultPool.provider "openai" | ternary "/v1" "") -}}
{{- else -}}
{{- .Values.defaultPool.baseUrl -}}
{{- end -}}
{{- end -}}

{{- define "genwarden.poolKeys" -}}
{{- $secret := include "genwarden.geminiSecret" . -}}
{{- $perMinute := .Values.gemini.requestsPerMinute -}}
{{- /* The stand-in has no quota. */ -}}
{{- if and .Values.standin.enabled (not .Values.gemini.existingSecret) (not .Values.gemini.apiKeys) -}}
{{- $perMinute = 6000 -}}
{{- end -}}
{{- $keys := list -}}
{{- if .Values.defaultPool.keys -}}
{{- $keys = .Values.defaultPool.keys -}}
{{- else if and $secret (or .Values.standin.enabled (eq .Values.defaultPool.provider "gemini")) -}}
{{- range include "genwarden.geminiEntries" . | fromJsonArray -}}
{{- $keys = append $keys (dict "secretKeyRef" (dict "name" $secret "key" .) "requestsPerMinute" $perMinute) -}}
{{- end -}}
{{- end -}}
{{- toYaml $keys -}}
{{- end -}}

{{/* The entries of the secret with the Gemini API keys, as JSON. */}}
{{- define "genwarden.geminiEntries" -}}
{{- $entries := list -}}
{{- if .Values.gemini.existingSecret -}}
{{- $entries = .Values.gemini.existingSecretKeys -}}
{{- else if .Values.gemini.apiKeys -}}
{{- range $index, $_ := .Values.gemini.apiKeys -}}
{{- $entries = append $entries (printf "key-%d" $index) -}}
{{- end -}}
{{- else if .Values.standin.enabled -}}
{{- $entries = list "standin" -}}
{{- end -}}
{{- toJson $entries -}}
{{- end -}}
