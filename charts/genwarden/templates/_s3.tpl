{{/* The S3 artifact store: the settings of every process, and the credentials as files, which are read again when they change. */}}

{{/* Arguments: root. */}}
{{- define "genwarden.s3Env" -}}
{{- $s3 := .root.Values.s3 -}}
{{- if eq .root.Values.settings.artifactStore "s3" -}}
- name: GENWARDEN_S3_BUCKET
  value: {{ $s3.bucket | quote }}
- name: GENWARDEN_S3_REGION
  value: {{ $s3.region | quote }}
- name: GENWARDEN_S3_PATH_TEMPLATE
  value: {{ $s3.pathTemplate | quote }}
{{- with $s3.endpoint }}
- name: GENWARDEN_S3_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- with $s3.forcePathStyle }}
- name: GENWARDEN_S3_FORCE_PATH_STYLE
  value: {{ . | quote }}
{{- end }}
{{- if $s3.existingSecret }}
- name: GENWARDEN_S3_ACCESS_KEY_ID_FILE
  value: /etc/genwarden/s3/access-key-id
- name: GENWARDEN_S3_SECRET_ACCESS_KEY_FILE
  value: /etc/genwarden/s3/secret-access-key
{{- end }}
{{- end -}}
{{- end -}}

{{- define "genwarden.s3Volumes" -}}
{{- if and (eq .root.Values.settings.artifactStore "s3") .root.Values.s3.existingSecret -}}
- name: s3-credentials
  secret:
    secretName: {{ .root.Values.s3.existingSecret }}
    defaultMode: 0440
    items:
      - { key: access-key-id, path: access-key-id }
      - { key: secret-access-key, path: secret-access-key }
{{- end -}}
{{- end -}}

{{- define "genwarden.s3Mounts" -}}
{{- if and (eq .root.Values.settings.artifactStore "s3") .root.Values.s3.existingSecret -}}
- name: s3-credentials
  mountPath: /etc/genwarden/s3
  readOnly: true
{{- end -}}
{{- end -}}
