// The process's connection to NATS, and further ones beside it for a purpose. Each reconnects automatically and without limit
// and reports when it is disconnected.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { createInbox, type NatsConnection, type ServerInfo } from '@nats-io/transport-node';
import { untilAborted } from '../../../async/abort.ts';
import { sleep } from '../../../async/sleep.ts';
import { GenwardenError } from '../../../job/errors/index.ts';
import { logEvent } from '../../../job/logEvents/index.ts';
import { isLoginRefused, openConnection, untilJetStreamAnswers, type ConnectContext } from './connect.ts';
import { atMostEvery, remindEvery, type NatsLog } from './log.ts';
import { connectionOptions, type NatsSettings } from './options.ts';
import { fetchPermissions, violationIn, violationReports, type Permissions, type Violation } from './permissions.ts';

export type { NatsSettings } from './options.ts';

export type LinkStatus = 'disconnected' | 'reconnected';

export interface NatsLink {
  readonly connection: NatsConnection;
  readonly prefix: string;
  /** The first tokens of every request to JetStream: `$JS.API`, or `$JS.<domain>.API`. */
  readonly apiPrefix: string;
  /** Replicas of each stream and bucket that this process creates. */
  readonly replicas: number;
  /** Limit of the stream in bytes; undefined leaves the stream's own limit. */
  readonly maxBytes: number | undefined;
  readonly log: NatsLog;
  /** The permissions of the connection's user, as reported by the server. */
  permissions(): Permissions;
  /** A new inbox that this user, and no other, may subscribe to. */
  inbox(): string;
  /** What this process waits for before it can start its work: the reasons why it is not ready. */
  readonly waiting: Set<string>;
  /** Settings that NATS has not applied, by stream and setting, each as a sentence with advice. The process works without. */
  readonly kept: Map<string, string>;
  /** Aborts when the process has to stop, or the caller of `connectNats` gives up. */
  readonly stopping: AbortSignal;
  connected(): boolean;
  /** Why NATS rejects the login of the lost connection, which tries again; undefined if that is not what it waits for. */
  rejected(): string | undefined;
  /** Calls back at each change until the returned function is called. */
  onStatus(listener: (status: LinkStatus) => void): () => void;
  /** Calls back whenever NATS refuses a publish or a subscription; each violation is logged as well. */
  onViolation(listener: (violation: Violation) => void): () => void;
  /** Of the server connected to now, or last. */
  serverId(): string;
  /** The id that this server gave the connection. */
  clientId(): number;
  /**
   * Runs one request and rejects with `Unavailable` the moment the connection is lost, as a request that was sent into a
   * dying connection would otherwise wait out its timeout. The server may still have executed it.
   */
  whileConnected<T>(request: () => Promise<T>): Promise<T>;
  /** Resolves immediately while connected, else at the reconnect; rejects with the signal's reason. */
  whenConnected(signal: AbortSignal): Promise<void>;
  /** Aborts when `close` is called: background work on this link ends with it. */
  readonly closing: AbortSignal;
  /** The error of a request while the connection is lost: `Unavailable`. */
  lost(): GenwardenError;
  /**
   * Opens a connection with the same settings for one purpose, which its name and its log lines carry. It closes with this
   * one. Throws as `connectNats` does.
   */
  another(purpose: string): Promise<NatsLink>;
  /** Sends pending messages, for two seconds at most, and closes; may be called more than once. */
  close(): Promise<void>;
}

/**
 * Connects, waiting for as long as NATS is away. Throws the signal's reason, `InvalidConfiguration` for a rejected login
 * or an unreadable file, `NatsTooOld`, or `NatsUnsuitable` if JetStream is off.
 */
export function connectNats(settings: NatsSettings, context: ConnectContext): Promise<NatsLink> {
  return openLink(settings, context, undefined);
}

async function openLink(
  settings: NatsSettings,
  context: ConnectContext,
  purpose: string | undefined,
): Promise<NatsLink> {
  const options = connectionOptions(settings);
  const connection = await openConnection(options, context);
  try {
    const watched = watchConnection(connection, context.log, purpose);
    await untilJetStreamAnswers(connection, settings.jetStreamDomain, context);
    const permissions = await trackPermissions(watched);
    const { prefix, replicas = 1, maxBytes } = settings;
    const beside = new Set<NatsLink>();
    return {
      ...watched,
      prefix,
      apiPrefix: apiPrefixOf(settings.jetStreamDomain),
      replicas,
      maxBytes,
      permissions,
      inbox: () => createInbox(options().inboxPrefix),
      waiting: new Set(),
      kept: new Map(),
      stopping: context.signal,
      another: async (anotherPurpose) => {
        const signal = AbortSignal.any([context.signal, watched.closing]);
        const named = { ...settings, name: `${settings.name}-${anotherPurpose}` };
        const link = await openLink(named, { ...context, signal }, anotherPurpose);
        beside.add(link);
        return link;
      },
      close: async () => {
        await Promise.all([...beside].map((link) => link.close()));
        await watched.close();
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

const apiPrefixOf = (domain: string | undefined): string => (domain === undefined ? '$JS.API' : `$JS.${domain}.API`);

/** Asks again after each reconnect: the server's configuration may have changed. */
async function trackPermissions(watched: WatchedConnection): Promise<() => Permissions> {
  let permissions = await fetchPermissions(watched.connection);
  const refresh = async (): Promise<void> => void (permissions = await fetchPermissions(watched.connection));
  watched.onStatus((status) => status === 'reconnected' && void refresh());
  return () => permissions;
}

const closeGrace = 2_000;

/** A link without the parts that belong to the settings and to one user's permissions. */
export type WatchedConnection = Pick<
  NatsLink,
  | 'connection'
  | 'log'
  | 'connected'
  | 'rejected'
  | 'onStatus'
  | 'onViolation'
  | 'serverId'
  | 'clientId'
  | 'whileConnected'
> &
  Pick<NatsLink, 'whenConnected' | 'closing' | 'lost' | 'close'>;

/** Tracks the connection's status; also used for the system account's connection, which has no JetStream. */
export function watchConnection(connection: NatsConnection, log: NatsLog, purpose?: string): WatchedConnection {
  const what = purpose === undefined ? 'connection' : `connection for ${purpose}`;
  const lost = (): GenwardenError => {
    const why = rejection === undefined ? '' : `, because NATS rejects the login (${rejection})`;
    return new GenwardenError('Unavailable', `The ${what} to NATS is lost${why}.`);
  };
  let rejection: string | undefined;
  const violations = violationReports(log);
  const listeners = new Set<(status: LinkStatus) => void>();
  let up = true;
  const closing = new AbortController();
  // The client has no info while it reconnects: the last one is how others still know this process.
  let info: ServerInfo = connection.info!;
  const change = (status: LinkStatus): void => {
    up = status === 'reconnected';
    rejection = undefined;
    info = connection.info ?? info;
    if (!closing.signal.aborted)
      logEvent(log, `nats_${status}`, { server: info.server_name }, `NATS ${what} ${status}`);
    for (const listener of listeners) listener(status);
  };
  const remind = atMostEvery(remindEvery, (message: string) => {
    const words = `NATS rejects the login of the ${what} (${message}): it tries again`;
    if (!closing.signal.aborted) logEvent(log, 'nats_waiting', { error: message }, words);
  });
  const refused = ({ message }: Error): void => {
    rejection = message;
    remind(message);
  };
  void trackStatus(connection, change, { violation: violations.report, refused });
  const onStatus = (listener: (status: LinkStatus) => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const connected = (): boolean => up && !connection.isClosed();
  return {
    connection,
    log,
    connected,
    rejected: () => (connected() ? undefined : rejection),
    onStatus,
    onViolation: violations.onViolation,
    serverId: () => info.server_id,
    clientId: () => info.client_id,
    whileConnected: (request) => whileConnected(request, { connected, onStatus, lost }),
    whenConnected: (signal) => whenConnected(signal, connected, onStatus),
    closing: closing.signal,
    lost,
    close: () => {
      closing.abort(new GenwardenError('Unavailable', `The ${what} to NATS is closed.`));
      const flush = whileConnected(() => connection.flush(), { connected, onStatus, lost });
      return closeAfterFlush(connection, flush);
    },
  };
}

async function trackStatus(
  connection: NatsConnection,
  change: (status: LinkStatus) => void,
  report: { violation(violation: Violation): void; refused(error: Error): void },
): Promise<void> {
  let up = true;
  for await (const status of connection.status()) {
    const { type } = status;
    const violation = type === 'error' ? violationIn(status.error) : undefined;
    if (violation !== undefined) report.violation(violation);
    if (type === 'error' && isLoginRefused(status.error)) report.refused(status.error);
    if (type === 'disconnect' && up) change('disconnected');
    if (type === 'reconnect') change('reconnected');
    if (type === 'disconnect') up = false;
    if (type === 'reconnect') up = true;
  }
  if (up) change('disconnected');
}

type OnStatus = NatsLink['onStatus'];

async function whileConnected<T>(
  request: () => Promise<T>,
  { connected, onStatus, lost }: Pick<NatsLink, 'connected' | 'onStatus' | 'lost'>,
): Promise<T> {
  if (!connected()) throw lost();
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = onStatus((status) => status === 'disconnected' && reject(lost()));
  try {
    return await Promise.race([request(), promise]);
  } finally {
    stop();
  }
}

async function whenConnected(signal: AbortSignal, connected: () => boolean, onStatus: OnStatus): Promise<void> {
  signal.throwIfAborted();
  if (connected()) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = onStatus((status) => status === 'reconnected' && resolve());
  try {
    await untilAborted(promise, signal);
  } finally {
    stop();
  }
}

/**
 * Not a drain: a drain writes into a socket that the server has just closed and removes its error handler in the same turn,
 * which ends the whole process. A flush waits for an answer that an absent server never gives.
 */
async function closeAfterFlush(connection: NatsConnection, flush: Promise<void>): Promise<void> {
  const flushed = new AbortController();
  await Promise.race([flush.catch(() => undefined), sleep(closeGrace, flushed.signal)]);
  flushed.abort();
  await nextTurn();
  if (!connection.isClosed()) await connection.close();
}
