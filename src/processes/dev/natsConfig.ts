// The configuration of the nats-server that `genwarden dev` runs: one account for Genwarden, and a user of the system
// account that may only listen for lost connections.

export interface EmbeddedNats {
  readonly port: number;
  readonly folder: string;
  readonly password: string;
  readonly systemPassword: string;
}

/** Strings go in as JSON, which NATS's configuration reads as such. */
export function natsConfig({ port, folder, password, systemPassword }: EmbeddedNats): string {
  const text = (value: string): string => JSON.stringify(value);
  return `
listen: ${text(`127.0.0.1:${port}`)}
server_name: genwarden-dev
pid_file: ${text(`${folder}/nats.pid`)}
max_payload: 8MB
jetstream { store_dir: ${text(`${folder}/store`)} }
accounts {
  SYS { users: [ { user: genwarden-system, password: ${text(systemPassword)}, permissions: {
    publish: { deny: ">" }
    subscribe: { allow: ["$SYS.ACCOUNT.*.DISCONNECT", "$SYS.ACCOUNT.*.CONNECT", "_INBOX.>"] }
  } } ] }
  APP { jetstream: enabled, users: [ { user: genwarden, password: ${text(password)} } ] }
}
system_account: SYS
`;
}
