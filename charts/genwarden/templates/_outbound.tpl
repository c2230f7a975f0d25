{{/* Requests that leave the cluster: the proxies, and certificate authorities beside those of Node.js. NATS, Kubernetes and webhooks use neither proxy. */}}

{{- define "genwarden.outboundEnv" -}}
{{- $proxy := .root.Values.proxy | default dict -}}
{{- $lines := list -}}
{{- range $key, $name := dict "https" "HTTPS_PROXY" "http" "HTTP_PROXY" -}}
{{- if $proxy.existingSecret -}}
{{- $lines = append $lines (dict "name" $name "valueFrom" (dict "secretKeyRef" (dict "name" $proxy.existingSecret "key" (printf "%s-proxy" $key) "optional" true))) -}}
{{- else if get $proxy $key -}}
{{- $lines = append $lines (dict "name" $name "value" (get $proxy $key)) -}}
{{- end -}}
{{- end -}}
{{- if $lines -}}
{{- $direct := list ".svc" ".cluster.local" (printf "%s-standin" (include "genwarden.fullname" .root)) -}}
{{- $lines = append $lines (dict "name" "NO_PROXY" "value" (concat $direct ($proxy.noProxy | default list) | join ",")) -}}
{{- end -}}
{{- if include "genwarden.trustedCAVolumes" . -}}
{{- $lines = append $lines (dict "name" "NODE_EXTRA_CA_CERTS" "value" "/etc/genwarden/trusted-ca/ca.crt") -}}
{{- end -}}
{{- if $lines -}}
{{- toYaml $lines -}}
{{- end -}}
{{- end -}}

{{- define "genwarden.trustedCAVolumes" -}}
{{- with .root.Values.trustedCA -}}
{{- $items := list (dict "key" (.key | default "ca.crt") "path" "ca.crt") -}}
{{- if .configMap -}}
{{- list (dict "name" "trusted-ca" "configMap" (dict "name" .configMap "items" $items)) | toYaml -}}
{{- else if .secret -}}
{{- list (dict "name" "trusted-ca" "secret" (dict "secretName" .secret "defaultMode" 288 "items" $items)) | toYaml -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "genwarden.trustedCAMounts" -}}
{{- if include "genwarden.trustedCAVolumes" . -}}
- name: trusted-ca
  mountPath: /etc/genwarden/trusted-ca
  readOnly: true
{{- end -}}
{{- end -}}
