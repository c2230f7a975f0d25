{{/*
The values that shape the pods of a component: those of `global`, and over them its own. Maps are merged by key, lists of named
things are joined, and anything else of the component replaces that of `global`.
*/}}

{{/* The values of a component, as JSON. Arguments: root, key (of the component in the values). */}}
{{- define "genwarden.valuesOf" -}}
{{- $global := .root.Values.global | default dict -}}
{{- $own := get .root.Values .key | default dict -}}
{{- $of := deepCopy $own -}}
{{- range list "affinity" "automountServiceAccountToken" "dnsConfig" "dnsPolicy" "hostAliases" "hostUsers" "priorityClassName" "revisionHistoryLimit" "runtimeClassName" "schedulerName" "strategy" "tolerations" "topologySpreadConstraints" -}}
{{- if and (hasKey $global .) (or (not (hasKey $own .)) (has (get $own . | toJson) (list "null" "[]" "{}" "\"\""))) -}}
{{- $_ := set $of . (get $global .) -}}
{{- end -}}
{{- end -}}
{{- range list "deploymentAnnotations" "lifecycle" "livenessProbe" "nodeSelector" "podAnnotations" "podLabels" "podSpecExtra" "readinessProbe" "startupProbe" -}}
{{- $_ := set $of . (include "genwarden.merged" (list (get $global .) (get $own .)) | fromJson) -}}
{{- end -}}
{{- range $key, $default := dict "podSecurityContext" "genwarden.podSecurityContext" "securityContext" "genwarden.containerSecurityContext" -}}
{{- $base := hasKey $global $key | ternary (get $global $key) (include $default . | fromYaml) -}}
{{- $_ := set $of $key (include "genwarden.merged" (list $base (get $own $key)) | fromJson) -}}
{{- end -}}
{{- range list "extraContainers" "extraEnv" "extraEnvFrom" "extraInitContainers" "extraVolumeMounts" "extraVolumes" -}}
{{- $_ := set $of . (concat (get $global . | default list) (get $own . | default list)) -}}
{{- end -}}
{{- $_ := set $of "resources" (include "genwarden.withGlobalResources" (dict "root" .root "resources" $own.resources) | fromJson) -}}
{{- toJson $of -}}
{{- end -}}

{{/* The requests and limits of a container, and those of `global` that it does not have. As JSON. Arguments: root, resources. */}}
{{- define "genwarden.withGlobalResources" -}}
{{- $global := (.root.Values.global).resources | default dict -}}
{{- $resources := deepCopy (.resources | default dict) -}}
{{- range $part := list "requests" "limits" -}}
{{- $merged := include "genwarden.merged" (list (get $global $part) (get $resources $part)) | fromJson -}}
{{- if $merged -}}
{{- $_ := set $resources $part $merged -}}
{{- end -}}
{{- end -}}
{{- toJson $resources -}}
{{- end -}}

{{/* One map of several; later ones win, and null removes a key. As JSON. */}}
{{- define "genwarden.merged" -}}
{{- $merged := dict -}}
{{- range . -}}
{{- range $key, $value := . | default dict -}}
{{- $_ := set $merged $key $value -}}
{{- end -}}
{{- end -}}
{{- range $key, $value := $merged -}}
{{- if kindIs "invalid" $value -}}
{{- $_ := unset $merged $key -}}
{{- end -}}
{{- end -}}
{{- toJson $merged -}}
{{- end -}}

{{/* One list of several, in which a later entry replaces an earlier one of the same name. As JSON. Arguments: by (the field with the name), lists. */}}
{{- define "genwarden.joined" -}}
{{- $by := .by -}}
{{- $names := list -}}
{{- $entries := dict -}}
{{- range $list := .lists -}}
{{- range $entry := $list -}}
{{- $name := get $entry $by -}}
{{- if not (hasKey $entries $name) -}}
{{- $names = append $names $name -}}
{{- end -}}
{{- $_ := set $entries $name $entry -}}
{{- end -}}
{{- end -}}
{{- $joined := list -}}
{{- range $names -}}
{{- $joined = append $joined (get $entries .) -}}
{{- end -}}
{{- toJson $joined -}}
{{- end -}}
