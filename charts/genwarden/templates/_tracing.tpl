{{/* Traces: the settings of every process. Nothing while they are off. Arguments: root, component. */}}
{{- define "genwarden.tracingEnv" -}}
{{- $tracing := .root.Values.tracing -}}
{{- if $tracing.endpoint -}}
- name: GENWARDEN_OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ $tracing.endpoint | quote }}
- name: GENWARDEN_OTEL_TRACES_SAMPLER
  value: {{ $tracing.sampler | quote }}
- name: GENWARDEN_OTEL_TRACES_SAMPLER_ARG
  value: {{ $tracing.samplerRatio | quote }}
{{- with $tracing.resourceAttributes }}
- name: GENWARDEN_OTEL_RESOURCE_ATTRIBUTES
  value: {{ . | quote }}
{{- end }}
{{- with $tracing.existingSecret }}
- name: GENWARDEN_OTEL_EXPORTER_OTLP_HEADERS
  valueFrom:
    secretKeyRef: { name: {{ . }}, key: headers }
{{- end }}
{{- end -}}
{{- end -}}
