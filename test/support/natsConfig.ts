// The configuration file of a test's nats-server.

export interface NatsServerOptions {
  /** Accounts SYS (user sys/sys) and APP (app/app, and everyone without a user), for the connection events of SYS. */
  systemAccount?: boolean;
  /** Default: a folder that goes with the server. */
  storeDir?: string;
  /** Default: a free one. */
  port?: number;
  /** Bytes. */
  maxFileStore?: number;
  /** Added to the configuration file as it is. */
  config?: string;
}

export function natsConfig(options: Omit<NatsServerOptions, 'port'> & { port: number | undefined }): string {
  return [
    `listen: "127.0.0.1:${options.port ?? -1}"`,
    jetStream(options),
    options.systemAccount ? accounts : '',
    options.config ?? '',
  ].join('\n');
}

const accounts = `
accounts {
  SYS { users: [{user: sys, password: sys}] }
  APP { jetstream: enabled, users: [{user: app, password: app}] }
}
system_account: SYS
no_auth_user: app
`;

function jetStream({ storeDir, maxFileStore }: Pick<NatsServerOptions, 'storeDir' | 'maxFileStore'>): string {
  const limit = maxFileStore === undefined ? '' : `, max_file_store: ${maxFileStore}`;
  return `jetstream { store_dir: ${JSON.stringify(storeDir)}${limit} }`;
}
