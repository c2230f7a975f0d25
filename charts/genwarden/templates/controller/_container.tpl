{{/* Arguments: root, component. */}}
{{- define "genwarden.controllerContainer" -}}
name: controller
args: [controller]
ports:
  - { name: metrics, containerPort: 8083 }
env:
  {{- include "genwarden.env" . | nindent 2 }}
  - name: GENWARDEN_RECONNECT_HOLD
    value: {{ .root.Values.settings.reconnectHold | quote }}
{{ include "genwarden.probes" dict }}
volumeMounts:
  {{- include "genwarden.processMounts" . | nindent 2 }}
{{- end -}}
