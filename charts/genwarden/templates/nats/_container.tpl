{{/* The pod of a NATS server. */}}

{{/* Arguments: root. */}}
{{- define "genwarden.natsContainer" -}}
name: nats
args: [--config, /etc/nats/nats.conf]
ports:
  - { name: nats, containerPort: 4222 }
  {{- if eq (include "genwarden.natsClustered" .root) "true" }}
  - { name: route, containerPort: 6222 }
  {{- end }}
  - { name: monitor, containerPort: 8222 }
env:
  {{- include "genwarden.natsServerEnv" .root | nindent 2 }}
{{ include "genwarden.natsProbes" .root }}
volumeMounts:
  {{- include "genwarden.tmpMount" . | nindent 2 }}
  - name: config
    mountPath: /etc/nats
    readOnly: true
  {{- if eq (include "genwarden.natsTls" .root) "true" }}
  - name: tls
    mountPath: /etc/nats-tls
    readOnly: true
  {{- end }}
  - name: data
    mountPath: /data
  # Not read: without the volume, the kubelet would look for the secret, which the operator may still have to create, only every ten
  # seconds.
  - name: auth
    mountPath: /etc/nats-auth
    readOnly: true
{{- end -}}

{{/* Signals the server when its certificate changes, and stops it after a write error. Arguments: root, of. */}}
{{- define "genwarden.natsWatch" -}}
- name: watch
  image: {{ include "genwarden.image" .root | quote }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  command: [node, --input-type=module, --eval]
  args:
    - |
      {{- .root.Files.Get "files/nats-watch.mjs" | nindent 6 }}
  resources:
    {{- $resources := dict "requests" (dict "cpu" "5m" "memory" "48Mi" "ephemeral-storage" "16Mi") "limits" (dict "memory" "128Mi" "ephemeral-storage" "128Mi") }}
    {{- include "genwarden.withGlobalResources" (dict "root" .root "resources" $resources) | fromJson | toYaml | nindent 4 }}
  securityContext:
    {{- toYaml .of.securityContext | nindent 4 }}
  volumeMounts:
    {{- include "genwarden.tmpMount" . | nindent 4 }}
    {{- if eq (include "genwarden.natsTls" .root) "true" }}
    - name: tls
      mountPath: /etc/nats-tls
      readOnly: true
    {{- end }}
{{- end -}}

{{- define "genwarden.natsPodVolumes" -}}
{{- $nats := .root.Values.nats -}}
{{ include "genwarden.tmpVolume" . }}
- name: config
  configMap:
    name: {{ include "genwarden.fullname" .root }}-nats
{{- if eq (include "genwarden.natsTls" .root) "true" }}
- name: tls
  secret:
    secretName: {{ include "genwarden.natsTlsSecret" .root }}
    defaultMode: 0440
{{- end }}
- name: auth
  secret:
    secretName: {{ include "genwarden.natsSecret" .root }}
    defaultMode: 0440
{{- if not $nats.persistence.enabled }}
- name: data
  emptyDir:
    sizeLimit: {{ $nats.persistence.size }}
{{- end }}
{{- end -}}
