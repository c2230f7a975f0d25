{{/* The pod template from which the operator creates the workers of each pool. */}}
{{- define "genwarden.workerTemplate" -}}
{{- $worker := .Values.worker -}}
{{- $of := dict "root" . "component" "worker" "of" $worker -}}
metadata:
  labels:
    app.kubernetes.io/instance: {{ .Release.Name }}
    app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
    {{- with merge (dict) .Values.commonLabels $worker.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $worker.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- include "genwarden.podBasics" $of | nindent 2 }}
  {{- include "genwarden.scheduling" $of | nindent 2 }}
  containers:
    - name: worker
      image: {{ include "genwarden.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [worker]
      ports:
        - { name: metrics, containerPort: 8082 }
      env:
        {{- include "genwarden.env" $of | nindent 8 }}
        {{- with $worker.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- include "genwarden.probes" dict | nindent 6 }}
      resources:
        {{- toYaml $worker.resources | nindent 8 }}
      securityContext:
        {{- include "genwarden.containerSecurityContext" . | nindent 8 }}
      volumeMounts:
        {{- include "genwarden.tmpMount" . | nindent 8 }}
        {{- with include "genwarden.natsMounts" $of }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- with include "genwarden.s3Mounts" $of }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- with $worker.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    {{- include "genwarden.tmpVolume" . | nindent 4 }}
    {{- with include "genwarden.natsVolumes" $of }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with include "genwarden.s3Volumes" $of }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with $worker.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
