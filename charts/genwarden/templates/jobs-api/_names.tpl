{{/* Names of the aggregated API of jobs. */}}

{{/* Must match src/kubeapi/resource.ts. */}}
{{- define "genwarden.jobsApiVersion" -}}jobs-v1alpha1{{- end -}}

{{- define "genwarden.jobsApiName" -}}
{{- printf "%s-jobs-api" (include "genwarden.fullname" .) -}}
{{- end -}}

{{/* The secret with the certificate. */}}
{{- define "genwarden.jobsApiSecret" -}}
{{- printf "%s-jobs-api-tls" (include "genwarden.fullname" .) -}}
{{- end -}}

{{/* The service account of the API's pods: the aggregated API asks Kubernetes whom to trust and who may do what. */}}
{{- define "genwarden.apiAccount" -}}
{{- if (.Values.jobsApi).enabled -}}
{{- printf "%s-api" (include "genwarden.fullname" .) -}}
{{- end -}}
{{- end -}}
