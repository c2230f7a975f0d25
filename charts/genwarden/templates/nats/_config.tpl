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
server_name: {{ include "genwarden.fullname" . }}-nats
listen: "0.0.0.0:4222"
http: "0.0.0.0:8222"
max_payload: 8MB

jetstream {
  store_dir: /data
  max_file_store: {{ $nats.jetstream.maxFileStore }}
  max_memory_store: {{ $nats.jetstream.maxMemoryStore }}
  sync_interval: {{ $nats.jetstream.syncInterval | quote }}
}

# Permissions of each user.
{{ $permissions | replace "%PREFIX%" $nats.prefix | trim }}

accounts {
  GENWARDEN {
    jetstream: { max_file: {{ $nats.jetstream.maxFileStore }}, max_memory: {{ $nats.jetstream.maxMemoryStore }} }
    users: [
      {{- range $users }}
      { user: {{ .name | quote }}, password: $NATS_{{ upper .of }}_PASSWORD, permissions: ${{ .of }}_permissions }
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
