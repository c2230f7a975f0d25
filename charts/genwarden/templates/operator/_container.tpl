{{/* Arguments: root, component. */}}
{{- define "genwarden.operatorContainer" -}}
name: operator
args: [operator]
ports:
  - { name: metrics, containerPort: 8084 }
env:
  {{- include "genwarden.env" . | nindent 2 }}
  - name: GENWARDEN_NAMESPACE
    valueFrom:
      fieldRef: { fieldPath: metadata.namespace }
  - name: GENWARDEN_INSTALLATION
    value: {{ include "genwarden.fullname" .root }}
  {{- with .root.Values.operator.watchNamespaces }}
  - name: GENWARDEN_WATCH_NAMESPACES
    value: {{ join "," . | quote }}
  {{- end }}
  {{- if and (.root.Values.jobsApi).enabled (not (.root.Values.jobsApi.issuerRef).name) }}
  - name: GENWARDEN_JOBS_API_SECRET
    value: {{ include "genwarden.jobsApiSecret" .root }}
  - name: GENWARDEN_JOBS_API_SERVICE
    value: {{ include "genwarden.jobsApiName" .root }}
  {{- end }}
  - name: GENWARDEN_WORKER_TEMPLATE_FILE
    value: /etc/genwarden/worker/template.json
  {{- if .root.Values.defaultPool.enabled }}
  - name: GENWARDEN_DEFAULT_POOL_FILE
    value: /etc/genwarden/default-pool/pool.json
  {{- end }}
{{ include "genwarden.probes" dict }}
terminationMessagePolicy: FallbackToLogsOnError
volumeMounts:
  {{- include "genwarden.processMounts" . | nindent 2 }}
  - name: worker-template
    mountPath: /etc/genwarden/worker
    readOnly: true
  {{- if .root.Values.defaultPool.enabled }}
  - name: default-pool
    mountPath: /etc/genwarden/default-pool
    readOnly: true
  {{- end }}
{{- end -}}

{{/* Creates the secrets that no value names and that do not exist yet; the other pods wait for them. Arguments: root, of. */}}
{{- define "genwarden.operatorInitContainers" -}}
{{- if include "genwarden.createdSecrets" .root | fromJsonArray }}
- name: secrets
  image: {{ include "genwarden.image" .root | quote }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  command: [node, /app/dist/processes/ensureSecrets.js, /etc/genwarden/secrets/secrets.json]
  terminationMessagePolicy: FallbackToLogsOnError
  resources:
    {{- $requests := dict "cpu" "50m" "memory" "64Mi" "ephemeral-storage" "16Mi" }}
    {{- $resources := dict "requests" $requests "limits" (dict "memory" "256Mi" "ephemeral-storage" "128Mi") }}
    {{- include "genwarden.withGlobalResources" (dict "root" .root "resources" $resources) | fromJson | toYaml | nindent 4 }}
  securityContext:
    {{- toYaml .of.securityContext | nindent 4 }}
  volumeMounts:
    - name: secrets
      mountPath: /etc/genwarden/secrets
      readOnly: true
{{- end }}
{{- end -}}

{{- define "genwarden.operatorVolumes" -}}
{{ include "genwarden.processVolumes" . }}
{{- if include "genwarden.createdSecrets" .root | fromJsonArray }}
- name: secrets
  configMap:
    name: {{ include "genwarden.fullname" .root }}-secrets
{{- end }}
- name: worker-template
  configMap:
    name: {{ include "genwarden.fullname" .root }}-worker-template
{{- if .root.Values.defaultPool.enabled }}
- name: default-pool
  configMap:
    name: {{ include "genwarden.fullname" .root }}-default-pool
{{- end }}
{{- end -}}

{{/* The operator reads both files when it starts. */}}
{{- define "genwarden.operatorAnnotations" -}}
{{- with include "genwarden.createdSecrets" .root | fromJsonArray }}
checksum/secrets: {{ toJson . | sha256sum }}
{{- end }}
checksum/worker-template: {{ include "genwarden.workerTemplate" .root | sha256sum }}
{{- if .root.Values.defaultPool.enabled }}
checksum/default-pool: {{ include "genwarden.defaultPool" .root | sha256sum }}
{{- end }}
{{- end -}}
