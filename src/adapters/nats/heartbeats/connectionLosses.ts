// Detects workers with a permanently closed connection, from the system account's events and the workers' own heartbeats.

import { z } from 'zod';
import { sleep } from '../../../async/sleep.ts';
import { logEvent } from '../../../job/logEvents/index.ts';
import type { Beat } from '../../../ports/heartbeats.ts';
import { openConnection, type ConnectContext } from '../link/connect.ts';
import { watchConnection } from '../link/connection.ts';
import { connectionOptions, systemSettings, type NatsSettings } from '../link/options.ts';

export interface ConnectionLosses {
  /** Records the connection of a worker, and ends its hold. Only events about the connection in its last heartbeat count. */
  observeBeat(beat: Beat): void;
  /** Calls the listener when a hold ends without a heartbeat or reconnect, until the returned function is called. */
  onLoss(listener: (worker: string, reason: string) => void): () => void;
}

export interface ClosedConnection {
  readonly kind: 'connect' | 'disconnect';
  readonly name: string;
  readonly server: string;
  readonly client: number;
  readonly reason: string;
}

/** Reasons that mean a dead process. A kicked or slow client is alive and reconnects. */
const deathReasons: ReadonlySet<string> = new Set(['Client Closed', 'Read Error', 'Write Error']);

/** ms. Heartbeats are at most 200 s apart: a worker forgotten between two heartbeats would have no fast path. */
const forgetAfter = 600_000;

interface Known {
  readonly server: string;
  readonly client: number;
  readonly seenAt: number;
  hold: NodeJS.Timeout | undefined;
}

/** The detection alone, without a connection to the system account. `holdMs`: how long a worker has to reconnect. */
export function connectionLosses(holdMs: number): ConnectionLosses & { observe(event: ClosedConnection): void } {
  const known = new Map<string, Known>();
  const listeners = new Set<(worker: string, reason: string) => void>();
  const endHold = (worker: string): void => clearTimeout(known.get(worker)?.hold);
  const forgetOld = (now: number): void => {
    for (const [worker, { seenAt }] of known) if (now - seenAt > forgetAfter) known.delete(worker);
  };
  const declareLost = (worker: string, reason: string): void => {
    known.delete(worker);
    for (const listener of listeners) listener(worker, reason);
  };
  return {
    observeBeat: ({ worker, connection: { server, client } }) => {
      endHold(worker);
      const now = performance.now();
      if (!known.has(worker)) forgetOld(now);
      known.set(worker, { server, client, seenAt: now, hold: undefined });
    },
    observe: (event) => {
      if (event.kind === 'connect') return endHold(event.name);
      if (!deathReasons.has(event.reason)) return;
      // A client chooses its name itself: only the connection that carried a worker's last heartbeat counts.
      for (const [name, worker] of known) {
        if (worker.server !== event.server || worker.client !== event.client) continue;
        clearTimeout(worker.hold);
        worker.hold = setTimeout(() => declareLost(name, event.reason), holdMs);
      }
    },
    onLoss: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/**
 * Listens as the settings' user of the system account; undefined without such a user. A rejected login is logged and
 * retried, as heartbeats alone also show lost workers, only later. `listening` resolves once events arrive. Ends with `signal`.
 */
export function watchConnectionLosses(
  settings: NatsSettings,
  { holdMs, signal, log }: ConnectContext & { readonly holdMs: number },
): (ConnectionLosses & { readonly listening: Promise<void> }) | undefined {
  const system = systemSettings(settings);
  if (system === undefined) return undefined;
  const losses = connectionLosses(holdMs);
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  void keepListening(system, losses.observe, { signal, log }, resolve);
  return { ...losses, listening };
}

type Observe = (event: ClosedConnection) => void;

/** ms. */
const reconnectDelay = 30_000;

async function keepListening(
  settings: NatsSettings,
  observe: Observe,
  context: ConnectContext,
  ready: () => void,
): Promise<void> {
  while (!context.signal.aborted) {
    try {
      await listen(settings, observe, context, ready);
    } catch (error) {
      if (context.signal.aborted) return;
      const message = 'Cannot log in to the NATS system account: lost workers are detected by missing heartbeats only';
      logEvent(context.log, 'system_account_unavailable', { err: error }, message);
    }
    await sleep(reconnectDelay, context.signal);
  }
}

/** Listens until the signal aborts or the connection closes for good. */
async function listen(
  settings: NatsSettings,
  observe: Observe,
  { signal, log }: ConnectContext,
  ready: () => void,
): Promise<void> {
  const connection = await openConnection(connectionOptions(settings), { signal, log });
  const link = watchConnection(connection, log);
  const close = (): void => void link.close();
  signal.addEventListener('abort', close, { once: true });
  for (const kind of ['CONNECT', 'DISCONNECT']) {
    connection.subscribe(`$SYS.ACCOUNT.*.${kind}`, {
      callback: (error, message) => {
        const event = error === null ? readEvent(message.data, message.subject) : undefined;
        if (event !== undefined) observe(event);
      },
    });
  }
  await connection.flush();
  ready();
  await connection.closed();
  signal.removeEventListener('abort', close);
}

const eventSchema = z.object({
  server: z.object({ id: z.string() }),
  client: z.object({ id: z.number(), name: z.string().default('') }),
  reason: z.string().default(''),
});

function readEvent(bytes: Uint8Array, subject: string): ClosedConnection | undefined {
  try {
    const { server, client, reason } = eventSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
    const kind = subject.endsWith('.DISCONNECT') ? 'disconnect' : 'connect';
    return { kind, name: client.name, server: server.id, client: client.id, reason };
  } catch {
    return undefined;
  }
}
