{{/* Connection of the processes to NATS. */}}

{{- define "genwarden.natsUrl" -}}
{{- if .Values.nats.external.urls -}}
{{- join "," .Values.nats.external.urls -}}
{{- else -}}
{{- printf "%s://%s-nats:4222" (eq (include "genwarden.natsTls" .) "true" | ternary "tls" "nats") (include "genwarden.fullname" .) -}}
{{- end -}}
{{- end -}}

{{/* Whether the chart installs three NATS servers. */}}
{{- define "genwarden.natsClustered" -}}
{{- and (not .Values.nats.external.urls) (gt (int .Values.nats.replicas) 1) -}}
{{- end -}}

{{/* Whether the chart's own NATS has TLS. */}}
{{- define "genwarden.natsTls" -}}
{{- $tls := .Values.nats.tls | default dict -}}
{{- and (not .Values.nats.external.urls) (not (empty (coalesce $tls.existingSecret ($tls.issuerRef).name))) -}}
{{- end -}}

{{/* Name of the secret with the certificate of the chart's own NATS. */}}
{{- define "genwarden.natsTlsSecret" -}}
{{- (.Values.nats.tls).existingSecret | default (printf "%s-nats-tls" (include "genwarden.fullname" .)) -}}
{{- end -}}

{{/* Name of the secret with the certificate authority of the servers, of the chart's own ones too; empty if there is none. */}}
{{- define "genwarden.natsCaSecret" -}}
{{- if eq (include "genwarden.natsTls" .) "true" -}}
{{- include "genwarden.natsTlsSecret" . -}}
{{- else -}}
{{- .Values.nats.external.tls.caSecret -}}
{{- end -}}
{{- end -}}

{{- define "genwarden.natsEnv" -}}
{{- $nats := .root.Values.nats -}}
{{- $secret := include "genwarden.natsSecret" .root -}}
- name: GENWARDEN_NATS_URL
  value: {{ include "genwarden.natsUrl" .root | quote }}
- name: GENWARDEN_NATS_PREFIX
  value: {{ $nats.prefix | quote }}
- name: GENWARDEN_NATS_REPLICAS
  value: {{ $nats.replicas | quote }}
{{- if and (has .component (list "api" "controller")) $nats.streamMaxBytes }}
- name: GENWARDEN_NATS_MAX_BYTES
  value: {{ $nats.streamMaxBytes | quote }}
{{- end }}
{{- if $nats.auth.credsSecret }}
- name: GENWARDEN_NATS_CREDS
  value: /etc/genwarden/nats-creds/nats.creds
{{- else }}
- name: GENWARDEN_NATS_USER
  value: {{ get $nats.auth.users .component | quote }}
{{- if eq .component "operator" }}
# Not a file: a volume would keep the init container from starting, which creates the secret.
- name: GENWARDEN_NATS_PASSWORD
  valueFrom:
    secretKeyRef: { name: {{ $secret }}, key: operator-password }
{{- else }}
- name: GENWARDEN_NATS_PASSWORD_FILE
  value: /etc/genwarden/nats-auth/password
{{- end }}
{{- end }}
{{- if and (eq .component "controller") $nats.auth.users.system (include "genwarden.hasPasswords" .root) }}
- name: GENWARDEN_NATS_SYSTEM_USER
  value: {{ $nats.auth.users.system | quote }}
- name: GENWARDEN_NATS_SYSTEM_PASSWORD_FILE
  value: /etc/genwarden/nats-auth/system-password
{{- end }}
{{- with $nats.external.jetStreamDomain }}
- name: GENWARDEN_NATS_JETSTREAM_DOMAIN
  value: {{ . | quote }}
{{- end }}
{{- if $nats.external.tls.handshakeFirst }}
- name: GENWARDEN_NATS_TLS_HANDSHAKE_FIRST
  value: "on"
{{- end }}
{{- with include "genwarden.natsCaSecret" .root }}
- name: GENWARDEN_NATS_TLS_CA
  value: /etc/genwarden/nats-ca/ca.crt
{{- end }}
{{- with $nats.external.tls.clientSecret }}
- name: GENWARDEN_NATS_TLS_CERT
  value: /etc/genwarden/nats-client/tls.crt
- name: GENWARDEN_NATS_TLS_KEY
  value: /etc/genwarden/nats-client/tls.key
{{- end }}
{{- end -}}

{{/* Whether a secret with passwords exists. With `credsSecret` alone there is none. */}}
{{- define "genwarden.hasPasswords" -}}
{{- if or .Values.nats.auth.existingSecret (not .Values.nats.external.urls) -}}true{{- end -}}
{{- end -}}

{{/* Whether the pod of a component mounts passwords: "true" or nothing. The controller also needs the one of the system user. */}}
{{- define "genwarden.natsAuthMounted" -}}
{{- $system := and (eq .component "controller") .root.Values.nats.auth.users.system (include "genwarden.hasPasswords" .root) -}}
{{- if and (ne .component "operator") (or (not .root.Values.nats.auth.credsSecret) $system) -}}true{{- end -}}
{{- end -}}

{{- define "genwarden.natsVolumes" -}}
{{- $nats := .root.Values.nats -}}
{{- /* The kubelet waits for the secret of a volume, which the operator may still have to create. */ -}}
{{- if include "genwarden.natsAuthMounted" . }}
- name: nats-auth
  secret:
    secretName: {{ include "genwarden.natsSecret" .root }}
    defaultMode: 0440
    items:
      {{- if not $nats.auth.credsSecret }}
      - { key: {{ .component }}-password, path: password }
      {{- end }}
      {{- if and (eq .component "controller") $nats.auth.users.system (include "genwarden.hasPasswords" .root) }}
      - { key: system-password, path: system-password }
      {{- end }}
{{- end }}
{{- with $nats.auth.credsSecret }}
- name: nats-creds
  secret:
    secretName: {{ . }}
    defaultMode: 0440
    items:
      - { key: {{ $.component }}.creds, path: nats.creds }
{{- end }}
{{- with include "genwarden.natsCaSecret" .root }}
- name: nats-ca
  secret:
    secretName: {{ . }}
    items:
      - { key: ca.crt, path: ca.crt }
{{- end }}
{{- with $nats.external.tls.clientSecret }}
- name: nats-client
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- end -}}

{{- define "genwarden.natsMounts" -}}
{{- $nats := .root.Values.nats -}}
{{- if include "genwarden.natsAuthMounted" . }}
- name: nats-auth
  mountPath: /etc/genwarden/nats-auth
  readOnly: true
{{- end }}
{{- if $nats.auth.credsSecret }}
- name: nats-creds
  mountPath: /etc/genwarden/nats-creds
  readOnly: true
{{- end }}
{{- if include "genwarden.natsCaSecret" .root }}
- name: nats-ca
  mountPath: /etc/genwarden/nats-ca
  readOnly: true
{{- end }}
{{- if $nats.external.tls.clientSecret }}
- name: nats-client
  mountPath: /etc/genwarden/nats-client
  readOnly: true
{{- end }}
{{- end -}}
