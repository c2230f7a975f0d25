// What a connection to NATS is asked for: our settings turned into the client's options, which it gets anew each time.

import { readFile } from 'node:fs/promises';
import { credsAuthenticator, hasWsProtocol, type NodeConnectionOptions } from '@nats-io/transport-node';
import { GenwardenError } from '../../../job/errors/index.ts';

export interface NatsSettings {
  /** `nats://`, `tls://`, `ws://` or `wss://`, all of one cluster; a user and password may stand in one. */
  readonly urls: readonly string[];
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** Path of a credentials file. */
  readonly creds?: string | undefined;
  /** Paths of PEM files. */
  readonly tls?: {
    readonly ca?: string | undefined;
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
  };
  /** A user of the system account: connection events are then listened to. */
  readonly systemUser?: string | undefined;
  readonly systemPassword?: string | undefined;
  /** First token of every subject and of the names of stream and buckets. */
  readonly prefix: string;
  /** Copies of the stream and of each bucket that this process creates; default 1. */
  readonly replicas?: number | undefined;
  /** Limit of the stream in bytes; where absent, what the stream has stays. */
  readonly maxBytes?: number | undefined;
  /** The connection's name, as NATS shows it: a worker's is its own. */
  readonly name: string;
}

/** A fresh set of the client's options at each call, as the client writes into what it is given. */
export type OptionsSource = () => NodeConnectionOptions;

/** Reads the files that the settings name; throws `InvalidConfiguration` where one cannot be read. */
export async function connectionOptions(settings: NatsSettings): Promise<OptionsSource> {
  const creds = settings.creds === undefined ? undefined : await read('credentials', settings.creds);
  const tls = await tlsOptions(settings);
  const login = loginOf(settings);
  return () => ({
    servers: settings.urls.map(withoutLogin),
    name: settings.name,
    // The client gives up after ten tries by default, and the connection is then closed for good. A refused login after
    // a first success may be an account that is being changed: it is tried again as well.
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    // At once and without jitter: whoever is back within the hold is not taken for dead.
    reconnectTimeWait: 50,
    reconnectJitter: 0,
    reconnectJitterTLS: 0,
    // A half-open socket is seen after at most three pings; the client's default takes six minutes.
    pingInterval: 2_000,
    maxPingOut: 2,
    timeout: 5_000,
    inboxPrefix: inboxPrefixOf(login.user),
    ...(creds === undefined ? {} : { authenticator: credsAuthenticator(new TextEncoder().encode(creds)) }),
    ...login,
    ...(tls === undefined ? {} : { tls: { ...tls } }),
  });
}

/** Another user on the same servers: that of the system account. */
export function systemSettings(settings: NatsSettings): NatsSettings | undefined {
  if (settings.systemUser === undefined) return undefined;
  return {
    ...settings,
    urls: settings.urls.map(withoutLogin),
    creds: undefined,
    user: settings.systemUser,
    password: settings.systemPassword,
    name: `${settings.name}-events`,
  };
}

export const isWebSocket = (options: NodeConnectionOptions): boolean => hasWsProtocol(options);

/**
 * Each user has answers sent to inboxes of its own, so that permissions can keep users from reading each other's. A user
 * without a name (a token, a credentials file) has the client's usual ones.
 */
export const inboxPrefixOf = (user: string | undefined): string =>
  user === undefined ? '_INBOX' : `_INBOX_${user.replaceAll(/[^A-Za-z0-9_-]/g, '_')}`;

/** The address as it may be logged. */
export function withoutLogin(address: string): string {
  if (!address.includes('@')) return address;
  return address.replace(/^([a-z]+:\/\/)?.*@/, '$1');
}

function loginOf(settings: NatsSettings): Pick<NodeConnectionOptions, 'user' | 'pass' | 'token'> {
  if (settings.user !== undefined) return { user: settings.user, pass: settings.password ?? '' };
  for (const address of settings.urls.filter((candidate) => candidate.includes('@'))) {
    const { username, password } = new URL(address.includes('://') ? address : `nats://${address}`);
    if (password === '') return { token: decodeURIComponent(username) };
    return { user: decodeURIComponent(username), pass: decodeURIComponent(password) };
  }
  return {};
}

async function tlsOptions(settings: NatsSettings): Promise<NodeConnectionOptions['tls'] | undefined> {
  const { ca, cert, key } = settings.tls ?? {};
  const asked = settings.urls.some((address) => /^(tls|wss):/.test(address));
  if (!asked && ca === undefined && cert === undefined && key === undefined) return undefined;
  return {
    ...(ca === undefined ? {} : { ca: await read('CA', ca) }),
    ...(cert === undefined ? {} : { cert: await read('certificate', cert) }),
    ...(key === undefined ? {} : { key: await read("certificate's key", key) }),
  };
}

async function read(what: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new GenwardenError('InvalidConfiguration', `The file of the NATS ${what}, ${path}, cannot be read: ${why}.`, {
      cause,
    });
  }
}
