{{/* A size such as 8GB (NATS: 1024 to the third) or 10Gi (Kubernetes) in bytes; 0 if it has another form. */}}
{{- define "genwarden.bytes" -}}
{{- $units := dict "" 1 "K" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "KI" 1024 "MI" 1048576 "GI" 1073741824 "TI" 1099511627776 -}}
{{- $size := toString . | trimSuffix "B" | upper -}}
{{- $unit := regexFind "[A-Z]*$" $size -}}
{{- if and (hasSuffix "B" (toString .)) $unit (not (hasSuffix "I" $unit)) }}{{ $unit = printf "%sI" $unit }}{{ end -}}
{{- if and (regexMatch "^[0-9.]+[A-Z]*$" $size) (hasKey $units $unit) -}}
{{- mulf (regexFind "^[0-9.]+" $size | float64) (get $units $unit) | int64 -}}
{{- else -}}
0
{{- end -}}
{{- end -}}

{{/* nats.conf. It contains no secrets: passwords come from the environment. */}}
{{- define "genwarden.natsConfig" -}}
{{- $nats := .Values.nats -}}
{{- $permissions := .Files.Get "files/nats-permissions.conf" -}}
{{- if not $permissions }}{{ fail "files/nats-permissions.conf is missing from the chart" }}{{ end -}}
{{- $users := list -}}
{{- range list "api" "worker" "controller" "operator" -}}
{{- $name := get $nats.auth.users . -}}
{{- $users = append $users (dict "of" . "name" $name) -}}
{{- /* A user's inbox contains its name. */ -}}
{{- $permissions = $permissions | replace (printf "_INBOX_%s." .) (printf "_INBOX_%s." $name) -}}
{{- end -}}
{{- $clustered := eq (include "genwarden.natsClustered" .) "true" -}}
{{- $tls := eq (include "genwarden.natsTls" .) "true" }}
server_name: {{ $clustered | ternary "$POD_NAME" (printf "%s-nats" (include "genwarden.fullname" .)) }}
listen: "0.0.0.0:4222"
http: "0.0.0.0:8222"
max_payload: 8MB
{{- if or $clustered $tls }}
pid_file: /tmp/nats.pid
{{- end }}
{{- if $tls }}

# Users have passwords, so that clients need no certificate.
tls {
  {{- include "genwarden.natsTlsFiles" . | nindent 2 }}
}
{{- end }}
{{- if $clustered }}

# A server that is about to stop hands over its leaderships, then closes its clients' connections one after the other.
lame_duck_duration: 30s
lame_duck_grace_period: 3s

cluster {
  name: {{ include "genwarden.fullname" . }}
  listen: "0.0.0.0:6222"
  # Clients use the Service: a certificate does not contain the addresses of pods.
  no_advertise: true
  authorization { user: route, password: $NATS_ROUTE_PASSWORD, timeout: 5 }
  routes: [
    {{- range until (int $nats.replicas) }}
    $NATS_ROUTE_{{ . }}
    {{- end }}
  ]
  {{- if $tls }}
  # Servers prove their identity to each other.
  tls {
    {{- include "genwarden.natsTlsFiles" . | nindent 4 }}
    verify: true
  }
  {{- end }}
}
{{- end }}

jetstream {
  # A cluster deletes what a single server has stored, so it has another folder.
  store_dir: {{ $clustered | ternary "/data/cluster" "/data" }}
  max_file_store: {{ $nats.jetstream.maxFileStore }}
  max_memory_store: {{ $nats.jetstream.maxMemoryStore }}
  sync_interval: {{ $nats.jetstream.syncInterval | quote }}
}

# Permissions of each user.
{{ $permissions | replace "%PREFIX%" $nats.prefix | trim }}

accounts {
  GENWARDEN {
    {{- if $clustered }}
    # The limits of an account count each replica.
    jetstream: { max_file: {{ mul $nats.replicas (include "genwarden.bytes" $nats.jetstream.maxFileStore) }}, max_memory: {{ mul $nats.replicas (include "genwarden.bytes" $nats.jetstream.maxMemoryStore) }} }
    {{- else }}
    jetstream: { max_file: {{ $nats.jetstream.maxFileStore }}, max_memory: {{ $nats.jetstream.maxMemoryStore }} }
    {{- end }}
    users: [
      {{- range $users }}
      { user: {{ .name | quote }}, password: $NATS_{{ upper .of }}_PASSWORD, permissions: ${{ .of }}_permissions }
      {{- end }}
      {{- with $nats.auth.users.backup }}
      # Reads and writes everything that is stored.
      { user: {{ . | quote }}, password: $NATS_BACKUP_PASSWORD, permissions: {
        publish: { allow: ["$JS.API.>", "$JS.SNAPSHOT.>"] }
        subscribe: { allow: ["_INBOX_{{ . }}.>", "$JS.EVENT.>"] }
      } }
      {{- end }}
    ]
  }
  SYS {
    users: [
      {{- with $nats.auth.users.system }}
      { user: {{ . | quote }}, password: $NATS_SYSTEM_PASSWORD, permissions: $system_permissions }
      {{- end }}
    ]
  }
}
system_account: SYS
{{ end -}}

{{- define "genwarden.natsTlsFiles" -}}
cert_file: /etc/nats-tls/tls.crt
key_file: /etc/nats-tls/tls.key
ca_file: /etc/nats-tls/ca.crt
timeout: 5
{{- end -}}
