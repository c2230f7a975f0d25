{{/* Arguments: root. */}}
{{- define "genwarden.testContainer" -}}
{{- $values := .root.Values -}}
{{- $submits := or (eq $values.tests.submitJob "always") (and (eq $values.tests.submitJob "auto") $values.standin.enabled $values.defaultPool.enabled) -}}
name: test
command: [node, --input-type=module, --eval]
args:
  - |
    {{- .root.Files.Get "files/test.mjs" | nindent 4 }}
env:
  - name: API_URL
    value: http://{{ include "genwarden.fullname" .root }}-api:{{ $values.api.service.port }}
  - name: SUBMIT_TO
    value: {{ $submits | ternary $values.defaultPool.name "" | quote }}
  {{- if $values.api.auth.enabled }}
  - name: API_TOKEN
    valueFrom:
      secretKeyRef: { name: {{ include "genwarden.tokenSecret" .root }}, key: token, optional: true }
  {{- end }}
  - name: AUTH
    value: {{ $values.api.auth.enabled | ternary "on" "off" | quote }}
volumeMounts:
  {{- include "genwarden.tmpMount" . | nindent 2 }}
{{- end -}}
