// Connects to NATS: waits while no server or JetStream is available, and fails immediately on errors that waiting cannot fix.

import { jetstreamManager, JetStreamApiError } from '@nats-io/jetstream';
import {
  AuthorizationError,
  connect,
  UserAuthenticationExpiredError,
  wsconnect,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';
import { untilAborted } from '../../../async/abort.ts';
import { sleep } from '../../../async/sleep.ts';
import { backoffCeiling } from '../../../job/backoff.ts';
import { GenwardenError } from '../../../job/errors/index.ts';
import { logEvent } from '../../../job/logEvents/index.ts';
import { demandsCertificate } from './clientCertificate.ts';
import { atMostEvery, remindEvery, type NatsLog } from './log.ts';
import { isWebSocket, type OptionsSource } from './options.ts';
import { permissionDenied, violationIn } from './permissions.ts';
import { withoutLogin } from './urlLogin.ts';

export interface ConnectContext {
  readonly signal: AbortSignal;
  readonly log: NatsLog;
}

const oldestVersion = [2, 12] as const;
const backoff = { first: 100, cap: 1_000 };

/**
 * Resolves as soon as a server accepts the connection. Throws `InvalidConfiguration` for a rejected login or certificate,
 * `NatsTooOld`, or the signal's reason.
 */
export async function openConnection(options: OptionsSource, context: ConnectContext): Promise<NatsConnection> {
  const connection = await retryWhileUnavailable(() => attempt(options, context.signal), urlsOf(options), context);
  try {
    refuseOldServer(connection);
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/**
 * Resolves once JetStream answers this account. Throws `NatsUnsuitable` if JetStream is not enabled, and
 * `NatsPermissionDenied` if the user may not subscribe to its own inbox.
 */
export async function untilJetStreamAnswers(
  connection: NatsConnection,
  domain: string | undefined,
  context: ConnectContext,
): Promise<void> {
  const where = domain === undefined ? 'JetStream' : `the JetStream domain ${domain}`;
  const what = `${where} on ${connection.getServer()}`;
  await retryWhileUnavailable(() => checkJetStream(connection, domain), what, context);
}

async function retryWhileUnavailable<T>(
  attemptOnce: () => Promise<T>,
  what: string,
  { signal, log }: ConnectContext,
): Promise<T> {
  const remind = atMostEvery(remindEvery, (reason: string) =>
    logEvent(log, 'nats_waiting', { error: reason }, `Waiting for ${what}: ${reason}`),
  );
  for (let failures = 1; ; failures += 1) {
    signal.throwIfAborted();
    try {
      return await attemptOnce();
    } catch (error) {
      if (error instanceof GenwardenError || signal.aborted) throw error;
      remind(summaryOf(error));
    }
    await sleep(backoffCeiling(failures, backoff), signal);
  }
}

async function attempt(options: OptionsSource, signal: AbortSignal): Promise<NatsConnection> {
  const fresh = options();
  const connecting = isWebSocket(fresh) ? wsconnect(fresh) : connect(fresh);
  try {
    return await untilAborted(connecting, signal);
  } catch (error) {
    // A connection that opens after the abort has no owner.
    if (signal.aborted) void connecting.then((late) => late.close()).catch(() => undefined);
    throw (await withoutCertificate(error, fresh)) ?? permanentFailure(error, options) ?? explained(error, fresh);
  }
}

export const isLoginRefused = (error: unknown): error is Error =>
  (error instanceof AuthorizationError && !isTooSlow(error)) || error instanceof UserAuthenticationExpiredError;

/** The server waited for the login for two seconds: this machine is busy, for example with the start of many pods. */
const isTooSlow = ({ message }: Error): boolean => /authentication timeout/i.test(message);

/** An error that waiting cannot fix, with advice; undefined for all others. */
function permanentFailure(error: unknown, options: OptionsSource): GenwardenError | undefined {
  const urls = urlsOf(options);
  if (isLoginRefused(error)) {
    const message = `NATS at ${urls} rejected the login (${error.message}${expiry(options)}). Set GENWARDEN_NATS_USER and GENWARDEN_NATS_PASSWORD, or GENWARDEN_NATS_CREDS, to the credentials of an existing user.`;
    return new GenwardenError('InvalidConfiguration', message, { cause: error });
  }
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|ERR_OSSL/.test(code)) {
    const message = `The TLS connection to NATS at ${urls} failed (${code}). Check GENWARDEN_NATS_TLS_CA, _CERT and _KEY, and whether the servers want GENWARDEN_NATS_TLS_HANDSHAKE_FIRST.`;
    return new GenwardenError('InvalidConfiguration', message, { cause: error });
  }
  return undefined;
}

/** Undefined unless the server demands a client certificate and this process has none. */
async function withoutCertificate(
  error: unknown,
  { tls, servers = [] }: NodeConnectionOptions,
): Promise<GenwardenError | undefined> {
  // A server that is away needs no second look.
  const isAway = (error as { code?: unknown }).code === 'ECONNREFUSED';
  if (isAway || isLoginRefused(error) || (tls !== undefined && tls !== null && 'cert' in tls)) return undefined;
  for (const address of [servers].flat()) {
    if (address.startsWith('ws') || !(await demandsCertificate(address))) continue;
    const message = `NATS at ${withoutLogin(address)} demands a client certificate (verify: true), and none is configured. Set GENWARDEN_NATS_TLS_CERT and GENWARDEN_NATS_TLS_KEY; in the chart, nats.tls.`;
    return new GenwardenError('InvalidConfiguration', message, { cause: error });
  }
  return undefined;
}

/** A server with `handshake_first` closes the connection of a client that waits for its first word. */
function explained(error: unknown, { tls }: NodeConnectionOptions): unknown {
  const isClosed = error instanceof Error && error.message.includes('an undefined error');
  if (!isClosed || tls?.handshakeFirst === true) return error;
  const advice = 'if the servers have handshake_first, set GENWARDEN_NATS_TLS_HANDSHAKE_FIRST=on';
  return new Error(`the server closed the connection without a word; ${advice}`, { cause: error });
}

/** The server does not say that credentials have expired. */
function expiry(options: OptionsSource): string {
  const { authenticator } = options();
  const login = typeof authenticator === 'function' ? authenticator('') : undefined;
  const claims = login !== undefined && login !== null && 'jwt' in login ? login.jwt.split('.')[1]! : undefined;
  const { exp } =
    claims === undefined ? {} : (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { exp?: number });
  if (exp === undefined || exp * 1_000 > Date.now()) return '';
  return `: the credentials expired at ${new Date(exp * 1_000).toISOString()}`;
}

function refuseOldServer({ info }: NatsConnection): void {
  const [major = 0, minor = 0] = (info?.version ?? '').split('.').map(Number);
  if (major > oldestVersion[0] || (major === oldestVersion[0] && minor >= oldestVersion[1])) return;
  const message = `nats-server ${info?.version ?? 'of unknown version'} is too old: Genwarden needs ${oldestVersion.join('.')} or newer.`;
  throw new GenwardenError('NatsTooOld', message);
}

async function checkJetStream(connection: NatsConnection, domain: string | undefined): Promise<void> {
  try {
    const options = { checkAPI: false, timeout: 2_000, ...(domain === undefined ? {} : { domain }) };
    await (await jetstreamManager(connection, options)).getAccountInfo();
  } catch (error) {
    // A user without the right to ask for the account may still have all other rights that it needs.
    const violation = violationIn(error);
    if (violation?.operation === 'publish') return;
    // Without its own inbox this process would never receive an answer.
    if (violation !== undefined) throw permissionDenied(violation, error);
    if (isDisabled(error, connection, domain)) {
      const message = `JetStream is not enabled for this account on ${connection.getServer()}. Start nats-server with -js, enable JetStream for the account, or, on a leaf node, set GENWARDEN_NATS_JETSTREAM_DOMAIN.`;
      throw new GenwardenError('NatsUnsuitable', message, { cause: error });
    }
    throw error;
  }
}

/**
 * Without an answer, a cluster may only have no leader yet, and a domain may only be cut off, unless the server's INFO says that
 * it has no JetStream.
 */
function isDisabled(error: unknown, { info }: NatsConnection, domain: string | undefined): boolean {
  const { name, cause } = error as Error;
  if (name !== 'JetStreamNotEnabled') return false;
  return cause instanceof JetStreamApiError || (domain === undefined && info !== undefined && info.jetstream !== true);
}

const urlsOf = (options: OptionsSource): string => [options().servers ?? []].flat().map(withoutLogin).join(', ');

/** A connection error in a few words, without addresses or logins. */
function summaryOf(error: unknown): string {
  const { name, message, code } = error as Error & { code?: unknown };
  return typeof code === 'string' ? code : `${name}: ${withoutLogin(message)}`;
}
