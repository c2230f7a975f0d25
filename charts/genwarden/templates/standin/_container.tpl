{{/* Arguments: root. */}}
{{- define "genwarden.standinContainer" -}}
name: standin
command: [node, /app/dist/standin/main.js]
args: [--host, '::', --port, '9090', --latency, {{ .root.Values.standin.latency | quote }}]
ports:
  - { name: http, containerPort: 9090 }
startupProbe:
  tcpSocket: { port: http }
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  tcpSocket: { port: http }
  periodSeconds: 10
  timeoutSeconds: 5
readinessProbe:
  httpGet: { path: /standin/requests, port: http }
  periodSeconds: 3
volumeMounts:
  {{- include "genwarden.tmpMount" . | nindent 2 }}
{{- end -}}
