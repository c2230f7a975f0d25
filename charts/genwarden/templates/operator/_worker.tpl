{{/* The pod template from which the operator creates the workers of each pool. */}}
{{- define "genwarden.workerTemplate" -}}
{{- $pod := dict "root" . "component" "worker" "of" (include "genwarden.valuesOf" (dict "root" . "key" "worker") | fromJson) -}}
{{- $_ := set $pod "container" (include "genwarden.workerContainer" $pod) -}}
{{- $_ := set $pod "volumes" (include "genwarden.processVolumes" $pod) -}}
{{- with include "genwarden.workerDeployment" $pod.of | fromYaml }}
deployment:
  {{- toYaml . | nindent 2 }}
{{- end }}
metadata:
  labels:
    app.kubernetes.io/instance: {{ .Release.Name }}
    app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
    {{- with include "genwarden.merged" (list .Values.commonLabels $pod.of.podLabels) | fromJson }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $pod.of.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- include "genwarden.podSpec" $pod | nindent 2 }}
{{- end -}}

{{/* Fields of the Deployments that the operator creates. Argument: values. */}}
{{- define "genwarden.workerDeployment" -}}
{{- with .deploymentAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .strategy }}
strategy:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- /* Kubernetes' default needs no field, which an operator of the version before would not know. */ -}}
{{- if not (has (toJson .revisionHistoryLimit) (list "null" "10")) }}
revisionHistoryLimit: {{ int .revisionHistoryLimit }}
{{- end }}
{{- end -}}

{{/* Arguments: root, component. */}}
{{- define "genwarden.workerContainer" -}}
name: worker
args: [worker]
ports:
  - { name: metrics, containerPort: 8082 }
env:
  {{- include "genwarden.env" . | nindent 2 }}
{{ include "genwarden.probes" dict }}
volumeMounts:
  {{- include "genwarden.processMounts" . | nindent 2 }}
{{- end -}}
