// Writes the shared record of one key: changes that this process wants at the same time go into one conditional write, so its
// slots do not fight each other, and are applied anew where another process was first.

import { setTimeout as pause } from 'node:timers/promises';
import type { KV } from '@nats-io/kv';
import type { Clock } from '../../../ports/clock.ts';
import { isConflict } from '../jetstream/errors.ts';
import type { BucketMirror } from '../kv/bucketMirror.ts';
import type { NatsLink } from '../link/connection.ts';
import { emptyRecord, readRecord, type KeyLimits, type KeyRecord } from './record.ts';

/** Returns the record to be stored; the very same one for no change. Called again after a conflict. */
export type KeyChange = (record: KeyRecord, now: number) => KeyRecord;

export interface KeyLedger {
  /** The record as last seen. */
  read(): KeyRecord;
  /** Resolves once the change is stored; false where NATS did not answer for `patienceMs`, or the link closed. */
  change(apply: KeyChange, patienceMs: number): Promise<boolean>;
}

export interface LedgerContext {
  readonly link: NatsLink;
  readonly kv: KV;
  readonly mirror: BucketMirror;
  readonly clock: Clock;
}

interface Wanted {
  readonly apply: KeyChange;
  readonly giveUpAt: number;
  readonly done: (stored: boolean) => void;
}

export function openLedger(context: LedgerContext, key: string, limits: KeyLimits): KeyLedger {
  const { link, mirror, clock } = context;
  let wanted: Wanted[] = [];
  let writing = false;
  const read = (): KeyRecord => currentOf(context, key, limits);
  const change = (apply: KeyChange, patienceMs: number): Promise<boolean> => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    wanted.push({ apply, giveUpAt: performance.now() + patienceMs, done: resolve });
    if (!writing) void writeAll();
    return promise;
  };
  return { read, change };

  async function writeAll(): Promise<void> {
    writing = true;
    while (wanted.length > 0) {
      const group = wanted;
      wanted = [];
      const stored = await writeOnce(group).catch(() => false);
      if (stored) group.forEach(({ done }) => done(true));
      else await again(group);
    }
    writing = false;
  }

  async function writeOnce(group: readonly Wanted[]): Promise<boolean> {
    const before = read();
    const after = group.reduce((record, { apply }) => apply(record, clock.now()), before);
    if (after === before) return true;
    const text = JSON.stringify(after);
    const previousSeq = mirror.entries.get(key)?.revision ?? 0;
    try {
      const revision = await link.whileConnected(() => context.kv.put(key, text, { previousSeq, timeout: 2_000 }));
      mirror.apply({ key, revision, value: new TextEncoder().encode(text) });
      return true;
    } catch (error) {
      if (isConflict(error)) await refresh(context, key);
      throw error;
    }
  }

  async function again(group: readonly Wanted[]): Promise<void> {
    const ended = link.closing.aborted;
    const [kept, late] = [group.filter((want) => !isLate(want)), group.filter(isLate)];
    late.forEach(({ done }) => done(false));
    wanted = [...kept, ...wanted];
    if (ended) return;
    await link.whenConnected(AbortSignal.any([link.closing, AbortSignal.timeout(1_000)])).catch(() => undefined);
    // Jitter, or two processes that collided once go on colliding.
    await pause(5 + Math.random() * 20);
  }

  function isLate({ giveUpAt }: Wanted): boolean {
    return link.closing.aborted || performance.now() > giveUpAt;
  }
}

function currentOf({ mirror, clock }: LedgerContext, key: string, limits: KeyLimits): KeyRecord {
  const entry = mirror.entries.get(key);
  const record = entry === undefined ? undefined : readRecord(entry.value);
  return record === undefined ? emptyRecord(limits, clock.now()) : { ...record, ...limits };
}

/** From the stream's leader, as the watcher may be late or silent. */
async function refresh({ link, kv, mirror }: LedgerContext, key: string): Promise<void> {
  const entry = await link.whileConnected(() => kv.get(key));
  if (entry === null) mirror.forget(key);
  else mirror.apply({ key, revision: entry.revision, value: entry.value });
}
