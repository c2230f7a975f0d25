{{/* Arguments: root, component. */}}
{{- define "genwarden.apiContainer" -}}
{{- $api := .root.Values.api -}}
name: api
args: [api]
ports:
  - { name: http, containerPort: 8080 }
  - { name: metrics, containerPort: 8081 }
  {{- if (.root.Values.jobsApi).enabled }}
  - { name: https-jobs, containerPort: 8443 }
  {{- end }}
env:
  {{- include "genwarden.env" . | nindent 2 }}
  - name: GENWARDEN_HTTP_HOST
    value: '::'
  - name: GENWARDEN_NAMESPACE
    valueFrom:
      fieldRef: { fieldPath: metadata.namespace }
  - name: GENWARDEN_HTTP_KEEP_ALIVE
    value: {{ $api.keepAlive | quote }}
  {{- with $api.publicUrl }}
  - name: GENWARDEN_PUBLIC_URL
    value: {{ . | quote }}
  {{- end }}
  {{- with .root.Values.tracing.traceUrl }}
  - name: GENWARDEN_TRACE_URL
    value: {{ . | quote }}
  {{- end }}
  {{- with $api.corsOrigins }}
  - name: GENWARDEN_CORS_ORIGINS
    value: {{ join "," . | quote }}
  {{- end }}
  {{- if (.root.Values.jobsApi).enabled }}
  - name: GENWARDEN_JOBS_API_SECRET
    value: {{ include "genwarden.jobsApiSecret" .root }}
  {{- end }}
  {{- if not $api.console }}
  - name: GENWARDEN_CONSOLE
    value: 'off'
  {{- end }}
  {{- if $api.auth.enabled }}
  - name: GENWARDEN_AUTH_TOKENS_FILE
    value: /etc/genwarden/tokens/tokens.json
  {{- if $api.auth.kubernetes }}
  - name: GENWARDEN_AUTH_KUBERNETES
    value: 'on'
  - name: GENWARDEN_KUBERNETES_CA
    value: /etc/genwarden/kubernetes/ca.crt
  {{- end }}
  {{- with $api.auth.oidc }}
  {{- if .issuer }}
  - name: GENWARDEN_OIDC_ISSUER
    value: {{ .issuer | quote }}
  - name: GENWARDEN_OIDC_AUDIENCE
    value: {{ .audience | quote }}
  {{- with .tenantClaim }}
  - name: GENWARDEN_OIDC_TENANT_CLAIM
    value: {{ . | quote }}
  {{- end }}
  {{- with .scopeClaims }}
  - name: GENWARDEN_OIDC_SCOPE_CLAIM
    value: {{ join "," . | quote }}
  {{- end }}
  {{- with .clientId }}
  - name: GENWARDEN_OIDC_CLIENT_ID
    value: {{ . | quote }}
  {{- end }}
  {{- with .clientScopes }}
  - name: GENWARDEN_OIDC_CLIENT_SCOPES
    value: {{ join "," . | quote }}
  {{- end }}
  {{- with .existingSecret }}
  - name: GENWARDEN_OIDC_CLIENT_SECRET
    valueFrom:
      secretKeyRef: { name: {{ . | quote }}, key: client-secret }
  {{- end }}
  {{- end }}
  {{- end }}
  {{- else }}
  - name: GENWARDEN_AUTH
    value: 'off'
  {{- end }}
  {{- with $api.webhooks }}
  {{- if .existingSecret }}
  - name: GENWARDEN_WEBHOOK_SECRETS_FILE
    value: /etc/genwarden/webhooks/webhook-secrets.json
  {{- end }}
  {{- with .allow }}
  - name: GENWARDEN_WEBHOOK_ALLOW
    value: {{ join "," . | quote }}
  {{- end }}
  {{- end }}
{{ include "genwarden.probes" (dict "readyPort" "http") }}
{{- with $api.preStopSleepSeconds }}
lifecycle:
  preStop:
    sleep: { seconds: {{ . }} }
{{- end }}
volumeMounts:
  {{- include "genwarden.processMounts" . | nindent 2 }}
  {{- if $api.auth.enabled }}
  - name: tokens
    mountPath: /etc/genwarden/tokens
    readOnly: true
  {{- if $api.auth.kubernetes }}
  - name: kubernetes
    mountPath: /etc/genwarden/kubernetes
    readOnly: true
  {{- end }}
  {{- end }}
  {{- if $api.webhooks.existingSecret }}
  - name: webhooks
    mountPath: /etc/genwarden/webhooks
    readOnly: true
  {{- end }}
{{- end -}}

{{- define "genwarden.apiVolumes" -}}
{{- $api := .root.Values.api -}}
{{ include "genwarden.processVolumes" . }}
{{- if $api.auth.enabled }}
# The API rereads it when it changes, so no checksum is needed.
- name: tokens
  secret:
    secretName: {{ include "genwarden.tokenSecret" .root }}
    defaultMode: 0440
    items:
      - { key: tokens.json, path: tokens.json }
{{- if $api.auth.kubernetes }}
- name: kubernetes
  configMap:
    name: kube-root-ca.crt
{{- end }}
{{- end }}
{{- with $api.webhooks.existingSecret }}
# The API rereads it when it changes, so no checksum is needed.
- name: webhooks
  secret:
    secretName: {{ . }}
    defaultMode: 0440
    items:
      - { key: webhook-secrets.json, path: webhook-secrets.json }
{{- end }}
{{- end -}}
