// A nats-server with the users and permissions that the chart gives each of Genwarden's processes.

import { readFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { connectNats, type NatsLink } from '../../src/adapters/nats/index.ts';
import type { NatsLog } from '../../src/adapters/nats/link/log.ts';
import { startNatsServer, type NatsServer } from './natsServer.ts';

const file = new URL('../../charts/genwarden/files/nats-permissions.conf', import.meta.url);

export const natsUsers = ['api', 'worker', 'controller', 'operator'] as const;
export type NatsUser = (typeof natsUsers)[number];

export interface PermittedOptions {
  readonly prefix: string;
  /** Changes the file's text, to see what a missing or an additional permission does. */
  readonly edit?: (text: string) => string;
  /** Makes it a leaf node: the domain of its own JetStream, and the address of the hub. */
  readonly leaf?: { readonly domain: string; readonly hub: string };
}

const passwordOf = (user: string): string => `password-of-${user}`;

/** Ends with the test. `root` of the same account may do everything. */
export async function startPermittedNats(options: PermittedOptions): Promise<NatsServer> {
  const { prefix, edit = (text) => text, leaf } = options;
  const permissions = edit(readFileSync(file, 'utf8')).replaceAll('%PREFIX%', prefix);
  const user = (name: string): string =>
    `{user: ${name}, password: ${passwordOf(name)}, permissions: $${name}_permissions}`;
  const accounts = `
accounts {
  SYS { users: [${user('system')}] }
  GENWARDEN { jetstream: enabled, users: [
    ${natsUsers.map(user).join('\n    ')}
    {user: root, password: ${passwordOf('root')}}
  ] }
}
system_account: SYS
`;
  const server = await startNatsServer(
    leaf === undefined
      ? { config: permissions + accounts }
      : {
          domain: leaf.domain,
          config: `${permissions}${accounts}leafnodes { remotes: [{ url: "${leaf.hub}", account: GENWARDEN }] }`,
        },
  );
  onTestFinished(() => server.stop());
  return server;
}

/** The environment of a process that logs in as its own user. */
export function loginOf(user: NatsUser): Record<string, string> {
  const own = { GENWARDEN_NATS_USER: user, GENWARDEN_NATS_PASSWORD: passwordOf(user) };
  if (user !== 'controller') return own;
  return { ...own, GENWARDEN_NATS_SYSTEM_USER: 'system', GENWARDEN_NATS_SYSTEM_PASSWORD: passwordOf('system') };
}

export interface LoggedLink {
  readonly link: NatsLink;
  /** What was logged as an error. */
  readonly errors: object[];
}

/** Closed with the test. */
export async function connectAs(server: NatsServer, user: NatsUser | 'root', prefix: string): Promise<LoggedLink> {
  const errors: object[] = [];
  const quiet = (): void => undefined;
  const log: NatsLog = { debug: quiet, info: quiet, warn: quiet, error: (fields) => void errors.push(fields) };
  const settings = { urls: [server.url], user, password: passwordOf(user), prefix, name: `test-${user}` };
  const stop = new AbortController();
  onTestFinished(() => stop.abort(new Error('the test has ended')));
  const link = await connectNats(settings, { signal: stop.signal, log });
  onTestFinished(() => link.close());
  return { link, errors };
}
