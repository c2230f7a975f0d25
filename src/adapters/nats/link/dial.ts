// The way to a usable connection: waits for NATS as long as it takes, saying so, and refuses what waiting cannot mend.

import { setTimeout as pause } from 'node:timers/promises';
import { untilAborted } from '../../../async/abort.ts';
import { jetstreamManager, JetStreamApiError } from '@nats-io/jetstream';
import {
  AuthorizationError,
  connect,
  UserAuthenticationExpiredError,
  wsconnect,
  type NatsConnection,
} from '@nats-io/transport-node';
import { GenwardenError } from '../../../job/errors/index.ts';
import { denialIn, denied } from './rights.ts';
import { isWebSocket, withoutLogin, type OptionsSource } from './options.ts';

/** The part of a logger that the adapter speaks to. */
export interface NatsLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface DialContext {
  readonly signal: AbortSignal;
  readonly log: NatsLog;
}

const oldest = [2, 12] as const;
const longestPause = 1_000;
const sayAgainAfter = 10_000;

/**
 * A connection, as soon as a server takes it. Throws `InvalidConfiguration` for a refused login or certificate,
 * `NatsTooOld`, or the signal's reason.
 */
export async function dial(options: OptionsSource, context: DialContext): Promise<NatsConnection> {
  const connection = await waitingFor(() => attempt(options, context.signal), urlsOf(options), context);
  try {
    refuseOldServer(connection);
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/**
 * Resolves once JetStream answers this account; throws `NatsUnsuitable` where it is not switched on, and
 * `NatsPermissionDenied` where the user may not listen to its own inbox.
 */
export async function jetStreamAnswers(connection: NatsConnection, context: DialContext): Promise<void> {
  await waitingFor(() => askJetStream(connection), `JetStream on ${connection.getServer()}`, context);
}

async function waitingFor<T>(look: () => Promise<T>, what: string, { signal, log }: DialContext): Promise<T> {
  let said = -Infinity;
  for (let wait = 100; ; wait = Math.min(longestPause, wait * 2)) {
    signal.throwIfAborted();
    try {
      return await look();
    } catch (error) {
      if (error instanceof GenwardenError || signal.aborted) throw error;
      if (performance.now() - said >= sayAgainAfter) {
        log.warn({ error: kindOf(error) }, `Waiting for ${what}: ${kindOf(error)}`);
        said = performance.now();
      }
    }
    await pause(wait, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

async function attempt(options: OptionsSource, signal: AbortSignal): Promise<NatsConnection> {
  const fresh = options();
  const connecting = isWebSocket(fresh) ? wsconnect(fresh) : connect(fresh);
  try {
    return await untilAborted(connecting, signal);
  } catch (error) {
    // A connection that comes about after the abort has no owner.
    if (signal.aborted) void connecting.then((late) => late.close()).catch(() => undefined);
    throw refusal(error, urlsOf(options)) ?? error;
  }
}

/** What no amount of waiting mends, as an error with what to do. */
function refusal(error: unknown, where: string): GenwardenError | undefined {
  if (error instanceof AuthorizationError || error instanceof UserAuthenticationExpiredError) {
    const message = `NATS at ${where} refused the login (${error.message}). Set GENWARDEN_NATS_USER and GENWARDEN_NATS_PASSWORD, or GENWARDEN_NATS_CREDS, to those of a user that it knows.`;
    return new GenwardenError('InvalidConfiguration', message, { cause: error });
  }
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|ERR_OSSL/.test(code)) {
    const message = `The TLS connection to NATS at ${where} failed (${code}). Check GENWARDEN_NATS_TLS_CA, _CERT and _KEY.`;
    return new GenwardenError('InvalidConfiguration', message, { cause: error });
  }
  return undefined;
}

function refuseOldServer({ info }: NatsConnection): void {
  const [major = 0, minor = 0] = (info?.version ?? '').split('.').map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return;
  const message = `nats-server ${info?.version ?? 'of unknown version'} is too old: Genwarden needs ${oldest.join('.')} or newer.`;
  throw new GenwardenError('NatsTooOld', message);
}

async function askJetStream(connection: NatsConnection): Promise<void> {
  try {
    await (await jetstreamManager(connection, { checkAPI: false, timeout: 2_000 })).getAccountInfo();
  } catch (error) {
    // A user without the right to ask for the account may still have all that is needed.
    const denial = denialIn(error);
    if (denial?.operation === 'publish') return;
    // Not even its own inbox: no question of this process would ever be answered.
    if (denial !== undefined) throw denied(denial, error);
    if (isSwitchedOff(error, connection)) {
      const message = `JetStream is not enabled for this account on ${connection.getServer()}. Start nats-server with -js, or enable JetStream for the account.`;
      throw new GenwardenError('NatsUnsuitable', message, { cause: error });
    }
    throw error;
  }
}

/** No answer at all may mean a cluster that has no leader yet, unless the server says that it has no JetStream. */
function isSwitchedOff(error: unknown, { info }: NatsConnection): boolean {
  const { name, cause } = error as Error;
  if (name !== 'JetStreamNotEnabled') return false;
  return cause instanceof JetStreamApiError || (info !== undefined && info.jetstream !== true);
}

const urlsOf = (options: OptionsSource): string => [options().servers ?? []].flat().map(withoutLogin).join(', ');

/** The kind of a connection error in a few words, without addresses or logins. */
function kindOf(error: unknown): string {
  const { name, message, code } = error as Error & { code?: unknown };
  return typeof code === 'string' ? code : `${name}: ${withoutLogin(message)}`;
}
