{{/* Parts that all pods share. */}}

{{/* Pod security context for the Pod Security Standard "restricted". */}}
{{- define "genwarden.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "genwarden.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* enableServiceLinks is off: in a release named `genwarden`, Kubernetes' service variables would collide with settings. */}}
{{- define "genwarden.podBasics" -}}
enableServiceLinks: false
automountServiceAccountToken: {{ .token | default false }}
serviceAccountName: {{ .account | default (include "genwarden.fullname" .root) }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .of.terminationGracePeriodSeconds }}
terminationGracePeriodSeconds: {{ . }}
{{- end }}
securityContext:
  {{- include "genwarden.podSecurityContext" . | nindent 2 }}
{{- end -}}

{{/* Scheduling of a pod. Arguments: root, component, of. */}}
{{- define "genwarden.scheduling" -}}
{{- with .of.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .of.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .of.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .of.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
{{- with .of.topologySpreadConstraints }}
  {{- toYaml . | nindent 2 }}
{{- else }}
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "genwarden.selectorLabels" . | nindent 8 }}
{{- end }}
{{- end -}}

{{/* Labels of a pod. Arguments: root, component, of. */}}
{{- define "genwarden.podLabels" -}}
{{ include "genwarden.labels" . }}
{{- with .of.podLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Environment of every process. Arguments: root, component. */}}
{{- define "genwarden.env" -}}
{{- $values := .root.Values -}}
- name: GENWARDEN_LOG_LEVEL
  value: {{ $values.settings.logLevel | quote }}
- name: GENWARDEN_LOG_FORMAT
  value: {{ $values.settings.logFormat | quote }}
- name: GENWARDEN_LOG_PROMPTS
  value: {{ $values.settings.logPrompts | quote }}
- name: GENWARDEN_RETENTION
  value: {{ $values.settings.retention | quote }}
- name: GENWARDEN_HEARTBEAT_TIMEOUT
  value: {{ $values.settings.heartbeatTimeout | quote }}
- name: GENWARDEN_ARTIFACT_STORE
  value: {{ $values.settings.artifactStore | quote }}
{{- with include "genwarden.s3Env" . }}
{{ . }}
{{- end }}
{{- with include "genwarden.tracingEnv" . }}
{{ . }}
{{- end }}
- name: GENWARDEN_METRICS_HOST
  value: 0.0.0.0
{{ include "genwarden.natsEnv" . }}
{{- end -}}

{{/* Every process opens its metrics port first. It is alive before NATS is available, and ready when it can work. */}}
{{- define "genwarden.probes" -}}
startupProbe:
  httpGet: { path: /healthz, port: metrics }
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /healthz, port: metrics }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: { path: /readyz, port: {{ .readyPort | default "metrics" }} }
  periodSeconds: 3
  timeoutSeconds: 3
  failureThreshold: 2
{{- end -}}

{{- define "genwarden.tmpVolume" -}}
- name: tmp
  emptyDir:
    sizeLimit: 256Mi
{{- end -}}

{{- define "genwarden.tmpMount" -}}
- name: tmp
  mountPath: /tmp
{{- end -}}

{{/* A PodDisruptionBudget. Arguments: root, component, of. */}}
{{- define "genwarden.podDisruptionBudget" -}}
{{- if .of.podDisruptionBudget.enabled -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "genwarden.fullname" .root }}-{{ .component }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "genwarden.labels" . | nindent 4 }}
spec:
  maxUnavailable: {{ .of.podDisruptionBudget.maxUnavailable }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "genwarden.selectorLabels" . | nindent 6 }}
{{- end -}}
{{- end -}}
