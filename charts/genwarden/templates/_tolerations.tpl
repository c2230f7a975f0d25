{{/*
Tolerations of a pod: those of the values, and for 30 s that its node is lost, after which Kubernetes starts another pod. Kubernetes'
default of 300 s fits programs of which two must never run; ours are fenced. A toleration of the same key, or of all keys, in the
values replaces it. NATS and the stand-in keep Kubernetes' default. Arguments: root, component, of.
*/}}
{{- define "genwarden.tolerations" -}}
{{- $all := .of.tolerations | default list -}}
{{- $keys := list -}}
{{- range $all -}}
{{- $keys = append $keys (.key | default "") -}}
{{- end -}}
{{- if has (.component | default "") (list "api" "controller" "operator" "worker") -}}
{{- range list "node.kubernetes.io/not-ready" "node.kubernetes.io/unreachable" -}}
{{- if not (or (has . $keys) (has "" $keys)) -}}
{{- $all = append $all (dict "key" . "operator" "Exists" "effect" "NoExecute" "tolerationSeconds" 30) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with $all -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}
