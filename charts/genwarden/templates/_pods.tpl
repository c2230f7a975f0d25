{{/*
Pods of all components. A component gives its own container and volumes; what every pod has, and what the values add or replace,
comes from here.
*/}}

{{/* Pod security context for the Pod Security Standard "restricted". `global.podSecurityContext` has the same default. */}}
{{- define "genwarden.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* `global.securityContext` has the same default. */}}
{{- define "genwarden.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* A Deployment. Arguments: root, component, of (values), container, volumes, and optionally replicas, annotations (of the pods), account, token. */}}
{{- define "genwarden.deployment" -}}
{{- $replicas := hasKey . "replicas" | ternary .replicas .of.replicas -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "genwarden.fullname" .root }}-{{ .component }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "genwarden.labels" . | nindent 4 }}
  {{- with .of.deploymentAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- if not (kindIs "invalid" $replicas) }}
  replicas: {{ int $replicas }}
  {{- end }}
  {{- if not (kindIs "invalid" .of.revisionHistoryLimit) }}
  revisionHistoryLimit: {{ int .of.revisionHistoryLimit }}
  {{- end }}
  strategy:
    {{- .of.strategy | default (dict "rollingUpdate" (dict "maxSurge" 1 "maxUnavailable" 0)) | toYaml | nindent 4 }}
  selector:
    matchLabels:
      {{- include "genwarden.selectorLabels" . | nindent 6 }}
  template:
    metadata:
      {{- include "genwarden.podMetadata" . | nindent 6 }}
    spec:
      {{- include "genwarden.podSpec" . | nindent 6 }}
{{- end -}}

{{/* Labels and annotations of a pod. Arguments: root, component, of, annotations. */}}
{{- define "genwarden.podMetadata" -}}
labels:
  {{- include "genwarden.podLabels" . | nindent 2 }}
{{- with include "genwarden.merged" (list (.annotations | default "" | fromYaml) .of.podAnnotations) | fromJson }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The spec of a pod. Arguments: root, component, of (values), container and volumes (YAML), and optionally account, token, image, initContainers and sidecars (YAML), fields (of the spec). */}}
{{- define "genwarden.podSpec" -}}
{{- $spec := include "genwarden.podSpecOf" . | fromYaml -}}
{{- with $spec.Error }}{{ fail (printf "pod of %s: %s" $.component .) }}{{ end -}}
{{- include "genwarden.merged" (list $spec .of.podSpecExtra) | fromJson | toYaml -}}
{{- end -}}

{{- define "genwarden.podSpecOf" -}}
{{- /* In a release named `genwarden`, Kubernetes' service variables would collide with settings. */ -}}
enableServiceLinks: false
automountServiceAccountToken: {{ kindIs "invalid" .of.automountServiceAccountToken | ternary (.token | default false) .of.automountServiceAccountToken }}
serviceAccountName: {{ .account | default (include "genwarden.serviceAccount" .root) }}
{{- with concat ((.root.Values.global).imagePullSecrets | default list) (.root.Values.imagePullSecrets | default list) | uniq }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .of.terminationGracePeriodSeconds }}
terminationGracePeriodSeconds: {{ int . }}
{{- end }}
{{- with include "genwarden.podSecurityContextOf" . | fromJson }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- include "genwarden.scheduling" . }}
{{- with .fields }}
{{ toYaml . }}
{{- end }}
{{- with concat (.of.extraInitContainers | default list) (.initContainers | default "[]" | fromYamlArray) }}
initContainers:
  {{- toYaml . | nindent 2 }}
{{- end }}
containers:
  - {{- include "genwarden.container" . | nindent 4 }}
  {{- with .sidecars }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with .of.extraContainers }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
volumes:
  {{- include "genwarden.joined" (dict "by" "name" "lists" (list (.volumes | fromYamlArray) .of.extraVolumes)) | fromJsonArray | toYaml | nindent 2 }}
{{- end -}}

{{/* OpenShift gives each namespace its own range of users and groups, and rejects pods that name others. */}}
{{- define "genwarden.podSecurityContextOf" -}}
{{- $adapt := dig "compatibility" "openshift" "adaptSecurityContext" "auto" (.root.Values.global | default dict) -}}
{{- $detected := .root.Capabilities.APIVersions.Has "security.openshift.io/v1" -}}
{{- if or (eq $adapt "force") (and (eq $adapt "auto") $detected) -}}
{{- omit .of.podSecurityContext "runAsUser" "runAsGroup" "fsGroup" | toJson -}}
{{- else -}}
{{- toJson .of.podSecurityContext -}}
{{- end -}}
{{- end -}}

{{/* The component's own container, with what the values add or replace. */}}
{{- define "genwarden.container" -}}
{{- $own := .container | fromYaml -}}
{{- with $own.Error }}{{ fail (printf "container of %s: %s" $.component .) }}{{ end -}}
{{- $image := .image | default .root.Values.image -}}
{{- $given := dict
  "image" (include "genwarden.imageOf" (dict "root" .root "image" $image "tag" .root.Chart.AppVersion))
  "imagePullPolicy" $image.pullPolicy
  "env" (include "genwarden.joined" (dict "by" "name" "lists" (list ($own.env | default list) .of.extraEnv)) | fromJsonArray)
  "envFrom" .of.extraEnvFrom
  "volumeMounts" (include "genwarden.joined" (dict "by" "mountPath" "lists" (list ($own.volumeMounts | default list) .of.extraVolumeMounts)) | fromJsonArray)
  "resources" .of.resources
  "securityContext" .of.securityContext -}}
{{- range list "startupProbe" "livenessProbe" "readinessProbe" "lifecycle" -}}
{{- $_ := set $given . (include "genwarden.merged" (list (get $own .) (get $.of .)) | fromJson) -}}
{{- end -}}
{{- range $key, $value := $given -}}
{{- if not $value -}}
{{- $_ := unset $given $key -}}
{{- end -}}
{{- end -}}
{{- merge $given $own | toYaml -}}
{{- end -}}

{{/* Where and how a pod runs. Arguments: root, component, of. */}}
{{- define "genwarden.scheduling" -}}
{{- range $key := list "affinity" "dnsConfig" "dnsPolicy" "hostAliases" "nodeSelector" "priorityClassName" "runtimeClassName" "schedulerName" }}
{{- with get $.of $key }}
{{ dict $key . | toYaml }}
{{- end }}
{{- end }}
{{- with include "genwarden.tolerations" . }}
tolerations:
  {{- . | nindent 2 }}
{{- end }}
{{- if not (kindIs "invalid" .of.hostUsers) }}
hostUsers: {{ .of.hostUsers }}
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
  value: '::'
{{- with include "genwarden.outboundEnv" . }}
{{ . }}
{{- end }}
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

{{/* Volumes of every process of Genwarden. Arguments: root, component. */}}
{{- define "genwarden.processVolumes" -}}
{{ include "genwarden.tmpVolume" . }}
{{- range list "genwarden.natsVolumes" "genwarden.s3Volumes" "genwarden.trustedCAVolumes" }}
{{- with include . $ | trim }}
{{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "genwarden.processMounts" -}}
{{ include "genwarden.tmpMount" . }}
{{- range list "genwarden.natsMounts" "genwarden.s3Mounts" "genwarden.trustedCAMounts" }}
{{- with include . $ | trim }}
{{ . }}
{{- end }}
{{- end }}
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
  {{- if kindIs "invalid" .of.podDisruptionBudget.minAvailable }}
  maxUnavailable: {{ .of.podDisruptionBudget.maxUnavailable }}
  {{- else }}
  minAvailable: {{ .of.podDisruptionBudget.minAvailable }}
  {{- end }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "genwarden.selectorLabels" . | nindent 6 }}
{{- end -}}
{{- end -}}
