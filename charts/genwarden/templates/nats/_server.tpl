{{/* Parts of the container of a NATS server. */}}

{{/* Those whose passwords a server needs, as JSON. */}}
{{- define "genwarden.natsServerUsers" -}}
{{- $users := list "api" "worker" "controller" "operator" "system" -}}
{{- if eq (include "genwarden.natsClustered" .) "true" }}{{ $users = append $users "route" }}{{ end -}}
{{- if .Values.nats.auth.users.backup }}{{ $users = append $users "backup" }}{{ end -}}
{{- $users | toJson -}}
{{- end -}}

{{- define "genwarden.natsServerEnv" -}}
{{- $nats := .Values.nats -}}
{{- $secret := include "genwarden.natsSecret" . -}}
{{- $service := printf "%s-nats" (include "genwarden.fullname" .) -}}
{{- $clustered := eq (include "genwarden.natsClustered" .) "true" -}}
{{- range include "genwarden.natsServerUsers" . | fromJsonArray }}
- name: {{ upper . }}_PASSWORD
  valueFrom:
    secretKeyRef: { name: {{ $secret }}, key: {{ . }}-password }
# Quoted, because NATS parses variables as configuration, where 12k is a number.
- name: NATS_{{ upper . }}_PASSWORD
  value: "'$({{ upper . }}_PASSWORD)'"
{{- end }}
{{- if $clustered }}
- name: POD_NAME
  valueFrom:
    fieldRef: { fieldPath: metadata.name }
{{- range until (int $nats.replicas) }}
- name: NATS_ROUTE_{{ . }}
  value: "'nats://route:$(ROUTE_PASSWORD)@{{ $service }}-{{ . }}.{{ $service }}-headless.{{ $.Release.Namespace }}.svc:6222'"
{{- end }}
{{- end }}
{{- end -}}

{{/*
A server of a cluster is started once all its replicas are current: a rolling update and node drains wait for that. Later, a stream
without a leader makes no server unready, because clients could not connect then. Copying a large store may take long and must not be
interrupted, so no probe restarts a server for that. JetStream that a full disk has switched off needs a restart, and so does a write
error, for which the container `watch` stops the server.

A single server is not healthy until it has read its store. After a failed write, a stream stores nothing until the server restarts.
*/}}
{{- define "genwarden.natsProbes" -}}
{{- $clustered := eq (include "genwarden.natsClustered" .) "true" -}}
startupProbe:
  httpGet: { path: /healthz, port: monitor }
  periodSeconds: {{ $clustered | ternary 2 1 }}
  timeoutSeconds: 5
  # Reading{{ if $clustered }} or copying{{ end }} a large store takes long{{ if $clustered }}, and a server waits for at least one other{{ end }}.
  failureThreshold: {{ $clustered | ternary 1800 300 }}
livenessProbe:
  httpGet: { path: {{ $clustered | ternary "/healthz?js-enabled-only=true" "/healthz" | quote }}, port: monitor }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: { path: "/healthz?js-server-only=true", port: monitor }
  periodSeconds: 5
  timeoutSeconds: 5
{{- if $clustered }}
lifecycle:
  # Lame duck mode. The SIGTERM that follows has no effect then.
  preStop:
    exec:
      command: [nats-server, --signal, ldm=/tmp/nats.pid]
{{- end }}
{{- end -}}

{{/* `nats` of the values, with the chart's defaults: three servers on one node, or in one zone, are lost with it. */}}
{{- define "genwarden.natsValues" -}}
{{- $selector := include "genwarden.selectorLabels" (dict "root" . "component" "nats") | fromYaml -}}
{{- $term := dict "topologyKey" "kubernetes.io/hostname" "labelSelector" (dict "matchLabels" $selector) -}}
{{- $affinity := dict -}}
{{- if eq (include "genwarden.natsClustered" .) "true" -}}
{{- if eq .Values.nats.antiAffinity "required" -}}
{{- $affinity = dict "podAntiAffinity" (dict "requiredDuringSchedulingIgnoredDuringExecution" (list $term)) -}}
{{- else -}}
{{- $preferred := list (dict "weight" 100 "podAffinityTerm" $term) -}}
{{- $affinity = dict "podAntiAffinity" (dict "preferredDuringSchedulingIgnoredDuringExecution" $preferred) -}}
{{- end -}}
{{- end -}}
{{- $spread := list -}}
{{- if eq (include "genwarden.natsClustered" .) "true" -}}
{{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" -}}
{{- $spread = append $spread (dict "maxSkew" 1 "topologyKey" . "whenUnsatisfiable" "ScheduleAnyway" "labelSelector" (dict "matchLabels" $selector)) -}}
{{- end -}}
{{- end -}}
{{- $of := include "genwarden.valuesOf" (dict "root" . "key" "nats") | fromJson -}}
{{- $_ := set $of "affinity" ($of.affinity | default $affinity) -}}
{{- $_ := set $of "topologySpreadConstraints" ($of.topologySpreadConstraints | default $spread) -}}
{{- /* Without a PersistentVolumeClaim, the data is on the node's own disk. */ -}}
{{- with ($of.resources.limits | default dict) -}}
{{- if and (not $.Values.nats.persistence.enabled) (hasKey . "ephemeral-storage") -}}
{{- $data := include "genwarden.bytes" $.Values.nats.persistence.size | int64 -}}
{{- $_ := set . "ephemeral-storage" (add $data (include "genwarden.bytes" (get . "ephemeral-storage") | int64) | toString) -}}
{{- end -}}
{{- end -}}
{{- toJson $of -}}
{{- end -}}
