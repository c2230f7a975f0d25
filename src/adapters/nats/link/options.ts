// Turns Genwarden's settings into the options of the NATS client.

import {
  credsAuthenticator,
  hasWsProtocol,
  usernamePasswordAuthenticator,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';
import { GenwardenError } from '../../../job/errors/index.ts';
import { rotatedFile, rotatedPassword } from './files.ts';
import { loginIn, withoutLogin } from './urlLogin.ts';

export interface NatsSettings {
  /** `nats://`, `tls://`, `ws://` or `wss://`, all of one cluster; one of them may contain a user and a password. */
  readonly urls: readonly string[];
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** Path of the file that the password was read from: it is read again at each connection. */
  readonly passwordFile?: string | undefined;
  /** Path of a credentials file. */
  readonly creds?: string | undefined;
  /** Paths of PEM files. */
  readonly tls?: {
    readonly ca?: string | undefined;
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
    /** `on` for servers with `handshake_first`: TLS starts before the server's first word. */
    readonly handshakeFirst?: 'on' | 'off' | undefined;
  };
  /** The JetStream domain that holds the streams; undefined: that of the servers connected to. */
  readonly jetStreamDomain?: string | undefined;
  /** A user of the system account; with it, the process receives connection events. */
  readonly systemUser?: string | undefined;
  readonly systemPassword?: string | undefined;
  /** As `passwordFile`. */
  readonly systemPasswordFile?: string | undefined;
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
export function connectionOptions(settings: NatsSettings): OptionsSource {
  const creds = settings.creds === undefined ? undefined : credsOf(settings.creds);
  const tls = tlsOptions(settings);
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
    ...(creds === undefined ? {} : { authenticator: credsAuthenticator(creds) }),
    ...login.options,
    ...(tls === undefined ? {} : { tls: tls() }),
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
    passwordFile: settings.systemPasswordFile,
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

interface LoginOptions {
  /** Undefined for a token, a credentials file, or no login. */
  readonly user?: string;
  readonly options: Pick<NodeConnectionOptions, 'user' | 'pass' | 'token' | 'authenticator'>;
}

function loginOf({ user, password = '', passwordFile, urls }: NatsSettings): LoginOptions {
  if (user !== undefined && passwordFile !== undefined) {
    const authenticator = usernamePasswordAuthenticator(user, rotatedPassword(passwordFile));
    return { user, options: { authenticator } };
  }
  if (user !== undefined) return { user, options: { user, pass: password } };
  const { user: inUrl, ...rest } = urls.map(loginIn).find((login) => login !== undefined) ?? {};
  return inUrl === undefined ? { options: rest } : { user: inUrl, options: { user: inUrl, ...rest } };
}

/** Credentials are two blocks, the JWT and the seed. The client reads them at each connection. */
function credsOf(path: string): () => Uint8Array {
  const read = rotatedFile('credentials', path);
  const bytes = (): Uint8Array => new TextEncoder().encode(read().replaceAll('\r\n', '\n'));
  try {
    credsAuthenticator(bytes())('nonce');
  } catch (cause) {
    const message = `The NATS credentials file ${path} has no JWT and seed, as \`nsc generate creds\` writes them.`;
    throw new GenwardenError('InvalidConfiguration', message, { cause });
  }
  return bytes;
}

/** The client reads the properties at each connection. */
function tlsOptions(settings: NatsSettings): (() => NonNullable<NodeConnectionOptions['tls']>) | undefined {
  const { ca, cert, key, handshakeFirst } = settings.tls ?? {};
  const first = handshakeFirst === 'on';
  const asked = first || settings.urls.some((address) => /^(tls|wss):/.test(address));
  if (!asked && ca === undefined && cert === undefined && key === undefined) return undefined;
  const files = {
    ...(ca === undefined ? {} : { ca: rotatedFile('CA', ca) }),
    ...(cert === undefined ? {} : { cert: rotatedFile('certificate', cert) }),
    ...(key === undefined ? {} : { key: rotatedFile('key', key) }),
  };
  return () => {
    const options = first ? { handshakeFirst: true } : {};
    for (const [name, get] of Object.entries(files)) Object.defineProperty(options, name, { get, enumerable: true });
    return options;
  };
}
