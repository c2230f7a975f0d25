// The one connection to NATS of a process: it comes back by itself for ever, and says when it is away.

import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import { createInbox, type NatsConnection, type ServerInfo } from '@nats-io/transport-node';
import { GenwardenError } from '../../../job/errors/index.ts';
import { connectionOptions, type NatsSettings } from './options.ts';
import { denialReports } from './denials.ts';
import { dial, jetStreamAnswers, type DialContext, type NatsLog } from './dial.ts';
import { askForRights, denialIn, type Denial, type Rights } from './rights.ts';

export type { NatsSettings } from './options.ts';
export type { NatsLog } from './dial.ts';

export type LinkStatus = 'disconnected' | 'reconnected';

export interface NatsLink {
  readonly connection: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly prefix: string;
  /** Copies of each stream and bucket that is created. */
  readonly replicas: number;
  /** Limit of the stream in bytes; undefined leaves what it has. */
  readonly maxBytes: number | undefined;
  readonly log: NatsLog;
  /** What the connection's user may do, as far as NATS tells. */
  rights(): Rights;
  /** A new inbox that this user, and no other, may listen to. */
  inbox(): string;
  /** What this process waits for before it can do its part: reasons of not being ready. */
  readonly waiting: Set<string>;
  /** The process was told to stop, or whoever connected gave up. */
  readonly stopping: AbortSignal;
  connected(): boolean;
  /** Calls back at each change until the returned function is called. */
  onStatus(listener: (status: LinkStatus) => void): () => void;
  /** Calls back whenever NATS refuses a publish or a subscription; each is logged as well. */
  onDenied(listener: (denial: Denial) => void): () => void;
  /** Of the server connected to now, or last. */
  serverId(): string;
  /** The id that this server gave the connection. */
  clientId(): number;
  /**
   * Runs one request and rejects with `Unavailable` the moment the connection is lost, as a request that was sent into a
   * dying connection would otherwise wait out its timeout. It may have been carried out all the same.
   */
  whileConnected<T>(request: () => Promise<T>): Promise<T>;
  /** Resolves at once while connected, else at the reconnect; rejects with the signal's reason. */
  whenConnected(signal: AbortSignal): Promise<void>;
  /** Aborts when `close` is called: what runs beside the requests on this link ends with it. */
  readonly closing: AbortSignal;
  /** Sends what is pending, two seconds at most, and closes; may be called more than once. */
  close(): Promise<void>;
}

/**
 * Connects, waiting for NATS for as long as it is not there. Throws the signal's reason, `InvalidConfiguration` for a
 * refused login or unreadable file, `NatsTooOld`, or `NatsUnsuitable` where JetStream is off.
 */
export async function connectNats(settings: NatsSettings, context: DialContext): Promise<NatsLink> {
  const options = await connectionOptions(settings);
  const connection = await dial(options, context);
  try {
    const watched = watchConnection(connection, context.log);
    await jetStreamAnswers(connection, context);
    const jsm = await jetstreamManager(connection, { checkAPI: false });
    const streams = { js: jetstream(connection), jsm };
    const user = { rights: await keepRights(watched), inbox: () => createInbox(options().inboxPrefix) };
    const waits = { waiting: new Set<string>(), stopping: context.signal };
    return { ...watched, ...streams, ...user, ...waits, ...settingsOfLink(settings) };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

const settingsOfLink = ({ prefix, replicas = 1, maxBytes }: NatsSettings) => ({ prefix, replicas, maxBytes });

/** Asked again after each reconnect: the server's configuration may be another by then. */
async function keepRights(watched: WatchedConnection): Promise<() => Rights> {
  let rights = await askForRights(watched.connection);
  const ask = async (): Promise<void> => void (rights = await askForRights(watched.connection));
  watched.onStatus((status) => status === 'reconnected' && void ask());
  return () => rights;
}

const closeGrace = 2_000;

/** A link without what belongs to JetStream and to one user's rights. */
export type WatchedConnection = Pick<
  NatsLink,
  'connection' | 'log' | 'connected' | 'onStatus' | 'onDenied' | 'serverId' | 'clientId' | 'whileConnected'
> &
  Pick<NatsLink, 'whenConnected' | 'closing' | 'close'>;

/** Follows the connection's status; used for the system account's connection too, which has no JetStream. */
export function watchConnection(connection: NatsConnection, log: NatsLog): WatchedConnection {
  const denials = denialReports(log);
  const listeners = new Set<(status: LinkStatus) => void>();
  let up = true;
  const closing = new AbortController();
  // While the client reconnects it has no info at all: the last one is what others still know us by.
  let info: ServerInfo = connection.info!;
  const change = (status: LinkStatus): void => {
    up = status === 'reconnected';
    info = connection.info ?? info;
    if (!closing.signal.aborted) log.info({ status, server: info.server_name }, `NATS connection ${status}`);
    for (const listener of listeners) listener(status);
  };
  void followStatus(connection, change, denials.report);
  const onStatus = (listener: (status: LinkStatus) => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const connected = (): boolean => up && !connection.isClosed();
  return {
    connection,
    log,
    connected,
    onStatus,
    onDenied: denials.onDenied,
    serverId: () => info.server_id,
    clientId: () => info.client_id,
    whileConnected: (request) => whileConnected(request, connected, onStatus),
    whenConnected: (signal) => whenConnected(signal, connected, onStatus),
    closing: closing.signal,
    close: () => {
      closing.abort(new GenwardenError('Unavailable', 'The connection to NATS is closed.'));
      const flush = whileConnected(() => connection.flush(), connected, onStatus);
      return closeSoon(connection, flush);
    },
  };
}

async function followStatus(
  connection: NatsConnection,
  change: (status: LinkStatus) => void,
  report: (denial: Denial) => void,
): Promise<void> {
  let up = true;
  for await (const status of connection.status()) {
    const { type } = status;
    const denial = type === 'error' ? denialIn(status.error) : undefined;
    if (denial !== undefined) report(denial);
    if (type === 'disconnect' && up) change('disconnected');
    if (type === 'reconnect') change('reconnected');
    if (type === 'disconnect') up = false;
    if (type === 'reconnect') up = true;
  }
  if (up) change('disconnected');
}

type OnStatus = NatsLink['onStatus'];

async function whileConnected<T>(request: () => Promise<T>, connected: () => boolean, onStatus: OnStatus): Promise<T> {
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
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  const stop = onStatus((status) => status === 'reconnected' && resolve());
  try {
    await promise;
  } finally {
    stop();
    signal.removeEventListener('abort', abort);
  }
}

const lost = (): GenwardenError => new GenwardenError('Unavailable', 'The connection to NATS is away.');

/**
 * Not a drain: it writes into a socket that the server has just closed and takes away its error handler in the same turn,
 * which ends the whole process. A flush waits for an answer that an absent server never gives.
 */
async function closeSoon(connection: NatsConnection, flush: Promise<void>): Promise<void> {
  const enough = new AbortController();
  const late = pause(closeGrace, undefined, { signal: enough.signal }).catch(() => undefined);
  await Promise.race([flush.catch(() => undefined), late]);
  enough.abort();
  await nextTurn();
  if (!connection.isClosed()) await connection.close();
}
