// Turns Genwarden's settings into the options of the NATS client.

import { readFile } from 'node:fs/promises';
import { credsAuthenticator, hasWsProtocol, type NodeConnectionOptions } from '@nats-io/transport-node';
import { GenwardenError } from '../../../job/errors/index.ts';

export interface NatsSettings {
  /** `nats://`, `tls://`, `ws://` or `wss://`, all of one cluster; one of them may contain a user and a password. */
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
  /** A user of the system account; with it, the process receives connection events. */
  readonly systemUser?: string | undefined;
  readonly systemPassword?: string | undefined;
  /** First token of every subject; the names of the stream and the buckets start with it too. */
  readonly prefix: string;
  /** Replicas of the stream and of each bucket that this process creates; default 1. */
  readonly replicas?: number | undefined;
  /** Limit of the stream in bytes; undefined leaves the stream's own limit. */
  readonly maxBytes?: number | undefined;
  /** The connection's name, as NATS shows it; a worker uses its own name. */
  readonly name: string;
}

/** A fresh set of options at each call, as the client modifies the object that it gets. */
export type OptionsSource = () => NodeConnectionOptions;

/** Reads the files that the settings name; throws `InvalidConfiguration` if one cannot be read. */
export async function connectionOptions(settings: NatsSettings): Promise<OptionsSource> {
  const creds = settings.creds === undefined ? undefined : await read('credentials', settings.creds);
  const tls = await tlsOptions(settings);
  const login = loginOf(settings);
  return () => ({
    servers: settings.urls.map(withoutLogin),
    name: settings.name,
    // By default the client gives up after ten tries and closes the connection for good. A login that is rejected after
    // a first success may belong to an account that is being changed: the client retries it as well.
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    // At once and without jitter: a worker that reconnects within the hold is not considered lost.
    reconnectTimeWait: 50,
    reconnectJitter: 0,
    reconnectJitterTLS: 0,
    // Detects a half-open socket after at most three pings; the client's default takes six minutes.
    pingInterval: 2_000,
    maxPingOut: 2,
    timeout: 5_000,
    inboxPrefix: inboxPrefixOf(login.user),
    ...(creds === undefined ? {} : { authenticator: credsAuthenticator(new TextEncoder().encode(creds)) }),
    ...login,
    ...(tls === undefined ? {} : { tls: { ...tls } }),
  });
}

/** The settings for the system account's user on the same servers; undefined without such a user. */
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
 * Each user has its own inboxes, so that permissions can keep users from reading each other's answers. A user without a
 * name (a token, a credentials file) has the client's default ones.
 */
export const inboxPrefixOf = (user: string | undefined): string =>
  user === undefined ? '_INBOX' : `_INBOX_${user.replaceAll(/[^A-Za-z0-9_-]/g, '_')}`;

/** The address without user and password, safe to log. */
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
    ...(key === undefined ? {} : { key: await read('key', key) }),
  };
}

async function read(what: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new GenwardenError('InvalidConfiguration', `Cannot read the NATS ${what} file ${path}: ${why}.`, {
      cause,
    });
  }
}
