// Which workers' connections have closed for good, from the events of NATS's system account and the workers' own beats.

import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Beat } from '../../../ports/heartbeats.ts';
import type { NatsLog } from '../link/connection.ts';
import { watchConnection } from '../link/connection.ts';
import { connectionOptions, systemSettings, type NatsSettings } from '../link/options.ts';
import { dial } from '../link/dial.ts';

export interface ConnectionLosses {
  /** A beat names the connection that an event must name to be believed, and ends a hold. */
  sawBeat(beat: Beat): void;
  /** Calls back once the hold is over without a sign of life, until the returned function is called. */
  onLoss(listener: (worker: string, reason: string) => void): () => void;
}

export interface ClosedConnection {
  readonly kind: 'connect' | 'disconnect';
  readonly name: string;
  readonly server: string;
  readonly client: number;
  readonly reason: string;
}

/** Ends of a process. A kicked or slow client lives and comes back. */
const deadly: ReadonlySet<string> = new Set(['Client Closed', 'Read Error', 'Write Error']);

/** Beats are at most 200 s apart; a worker that is forgotten in between would have no fast path. */
const forgetAfter = 600_000;

interface Known {
  readonly server: string;
  readonly client: number;
  readonly seenAt: number;
  hold: NodeJS.Timeout | undefined;
}

/** The judgement apart from the connection that feeds it. `holdMs`: how long a closed connection may come back. */
export function connectionLosses(holdMs: number): ConnectionLosses & { saw(event: ClosedConnection): void } {
  const known = new Map<string, Known>();
  const listeners = new Set<(worker: string, reason: string) => void>();
  const letGo = (worker: string): void => clearTimeout(known.get(worker)?.hold);
  const forgetOld = (now: number): void => {
    for (const [worker, { seenAt }] of known) if (now - seenAt > forgetAfter) known.delete(worker);
  };
  const declareLost = (worker: string, reason: string): void => {
    known.delete(worker);
    for (const listener of listeners) listener(worker, reason);
  };
  return {
    sawBeat: ({ worker, connection: { server, client } }) => {
      letGo(worker);
      const now = performance.now();
      if (!known.has(worker)) forgetOld(now);
      known.set(worker, { server, client, seenAt: now, hold: undefined });
    },
    saw: (event) => {
      if (event.kind === 'connect') return letGo(event.name);
      if (!deadly.has(event.reason)) return;
      // The name is the client's own word: only the connection that a worker's last beat came over is believed.
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
 * Listens with the settings' user of the system account; undefined where none is set. A login that is refused is logged
 * and tried again, as beats alone do as well, only later. `listening` resolves once events come in. Ends with `signal`.
 */
export function watchConnectionLosses(
  settings: NatsSettings,
  { holdMs, signal, log }: Context & { readonly holdMs: number },
): (ConnectionLosses & { readonly listening: Promise<void> }) | undefined {
  const system = systemSettings(settings);
  if (system === undefined) return undefined;
  const losses = connectionLosses(holdMs);
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  void listenForEver(system, losses.saw, { signal, log }, resolve);
  return { ...losses, listening };
}

interface Context {
  readonly signal: AbortSignal;
  readonly log: NatsLog;
}

type Saw = (event: ClosedConnection) => void;

async function listenForEver(settings: NatsSettings, saw: Saw, context: Context, ready: () => void): Promise<void> {
  while (!context.signal.aborted) {
    try {
      await listen(settings, saw, context, ready);
    } catch (error) {
      if (context.signal.aborted) return;
      const message = 'The system account of NATS does not let us in: lost workers are seen by their silence alone';
      context.log.warn({ err: error }, message);
    }
    await pause(30_000, undefined, { signal: context.signal }).catch(() => undefined);
  }
}

/** Until the signal aborts or the connection closes for good. */
async function listen(settings: NatsSettings, saw: Saw, { signal, log }: Context, ready: () => void): Promise<void> {
  const connection = await dial(await connectionOptions(settings), { signal, log });
  const link = watchConnection(connection, log);
  const close = (): void => void link.close();
  signal.addEventListener('abort', close, { once: true });
  for (const kind of ['CONNECT', 'DISCONNECT']) {
    connection.subscribe(`$SYS.ACCOUNT.*.${kind}`, {
      callback: (error, message) => {
        const event = error === null ? readEvent(message.data, message.subject) : undefined;
        if (event !== undefined) saw(event);
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
