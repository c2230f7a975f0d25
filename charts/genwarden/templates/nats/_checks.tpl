{{/*
Rejects values that the chart's own NATS cannot have. Asks the cluster, if there is one, only for reasons to reject: what is rendered
never depends on it.
*/}}
{{- define "genwarden.checkNatsServers" -}}
{{- $nats := .Values.nats -}}
{{- $tls := $nats.tls | default dict -}}
{{- $clustered := eq (include "genwarden.natsClustered" .) "true" -}}
{{- if and $tls.existingSecret ($tls.issuerRef).name -}}
{{- fail "nats.tls.existingSecret and nats.tls.issuerRef are mutually exclusive: set only one of them" -}}
{{- end -}}
{{- if and $nats.external.urls (or $tls.existingSecret ($tls.issuerRef).name) -}}
{{- fail "nats.tls is for the chart's own NATS: with nats.external.urls, set nats.external.tls" -}}
{{- end -}}
{{- if and (not $nats.external.urls) (not (has (int $nats.replicas) (list 1 3))) -}}
{{- fail (printf "nats.replicas is %v, but the chart's own NATS has 1 server or 3: set 1 or 3, or nats.external.urls" $nats.replicas) -}}
{{- end -}}
{{- if and $clustered (not $nats.persistence.enabled) -}}
{{- fail "nats.replicas is 3: it requires nats.persistence.enabled, because servers that restart with empty disks can lose jobs that were accepted" -}}
{{- end -}}
{{- if and $clustered (lt (int $nats.terminationGracePeriodSeconds) 45) -}}
{{- fail (printf "nats.terminationGracePeriodSeconds is %v, but one of three servers needs up to 45 to stop gracefully" $nats.terminationGracePeriodSeconds) -}}
{{- end -}}
{{- if not $nats.external.urls -}}
{{- include "genwarden.checkNatsChange" . -}}
{{- include "genwarden.checkNatsVolumes" . -}}
{{- end -}}
{{- end -}}

{{/* Kubernetes would refuse the change of the StatefulSet too, but without a reason. */}}
{{- define "genwarden.checkNatsChange" -}}
{{- $found := lookup "apps/v1" "StatefulSet" .Release.Namespace (printf "%s-nats" (include "genwarden.fullname" .)) -}}
{{- if $found -}}
{{- $clustered := eq (include "genwarden.natsClustered" .) "true" -}}
{{- $isClustered := eq (dig "spec" "podManagementPolicy" "" $found) "Parallel" -}}
{{- if and $clustered (not $isClustered) -}}
{{- fail "nats.replicas is 3, but this release runs a single NATS server, and a cluster cannot take over its jobs. Keep nats.replicas: 1, or move the jobs as \"From one server to three\" in docs/nats.md describes" -}}
{{- end -}}
{{- if and $isClustered (not $clustered) -}}
{{- fail "nats.replicas is 1, but this release runs three NATS servers, and a single one cannot take over their jobs. Keep nats.replicas: 3, or move the jobs as \"From three servers to one\" in docs/nats.md describes" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
Without a StorageClass, the pods would wait for their volumes without an end. Asked only of those who may install the definitions, as
helm fails if the user may not read StorageClasses.
*/}}
{{- define "genwarden.checkNatsVolumes" -}}
{{- $persistence := .Values.nats.persistence -}}
{{- if and .Values.crds.enabled $persistence.enabled (not $persistence.storageClassName) -}}
{{- $classes := lookup "storage.k8s.io/v1" "StorageClass" "" "" -}}
{{- $claim := printf "data-%s-nats-0" (include "genwarden.fullname" .) -}}
{{- if and (hasKey $classes "items") (not (lookup "v1" "PersistentVolumeClaim" .Release.Namespace $claim)) -}}
{{- $names := list -}}
{{- $hasDefault := false -}}
{{- range $classes.items -}}
{{- $names = append $names .metadata.name -}}
{{- if eq (dig "annotations" "storageclass.kubernetes.io/is-default-class" "" .metadata) "true" }}{{ $hasDefault = true }}{{ end -}}
{{- end -}}
{{- range (lookup "v1" "PersistentVolume" "" "").items -}}
{{- $for := dig "claimRef" "name" $claim .spec | eq $claim -}}
{{- $here := dig "claimRef" "namespace" $.Release.Namespace .spec | eq $.Release.Namespace -}}
{{- if and $for $here (not (dig "storageClassName" "" .spec)) (has (dig "phase" "" .status) (list "Available" "Pending")) }}{{ $hasDefault = true }}{{ end -}}
{{- end -}}
{{- if not $hasDefault -}}
{{- $choice := $names | empty | ternary "this cluster has none at all" (printf "this cluster has %s" (join ", " $names)) -}}
{{- fail (printf "The cluster has no default StorageClass, so the volume of NATS would never be provisioned. Set nats.persistence.storageClassName (%s), or nats.persistence.enabled=false for an evaluation that may lose its jobs" $choice) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
