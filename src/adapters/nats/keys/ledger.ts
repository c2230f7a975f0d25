// Writes the shared record of one key. Changes that this process wants at the same time go into one conditional write, so its
// slots do not compete with each other. If another process wrote first, they are applied to the new record.

import type { KV } from '@nats-io/kv';
import { sleep } from '../../../async/sleep.ts';
import type { Clock } from '../../../ports/clock.ts';
import { isConflict } from '../jetstream/errors.ts';
import { conflictDelay } from '../jetstream/retry.ts';
import type { BucketMirror } from '../kv/mirror.ts';
import type { NatsLink } from '../link/connection.ts';
import { emptyRecord, readRecord, type KeyLimits, type KeyRecord } from './record.ts';

/** Returns the record to store, or the same object for no change. Called again after a conflict. */
export type KeyChange = (record: KeyRecord, now: number) => KeyRecord;

export interface KeyLedger {
  /** The record as last seen. */
  read(): KeyRecord;
  /** Resolves once the change is stored; false if NATS did not answer for `patienceMs`, or the link closed. */
  change(apply: KeyChange, patienceMs: number): Promise<boolean>;
}

export interface LedgerContext {
  readonly link: NatsLink;
  readonly kv: KV;
  readonly mirror: BucketMirror;
  readonly clock: Clock;
}

interface PendingChange {
  readonly apply: KeyChange;
  readonly giveUpAt: number;
  readonly done: (stored: boolean) => void;
}

export function openLedger(context: LedgerContext, key: string, limits: KeyLimits): KeyLedger {
  const { link, mirror, clock } = context;
  let pending: PendingChange[] = [];
  let writing = false;
  const read = (): KeyRecord => currentOf(context, key, limits);
  const change = (apply: KeyChange, patienceMs: number): Promise<boolean> => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    pending.push({ apply, giveUpAt: performance.now() + patienceMs, done: resolve });
    if (!writing) void writeAll();
    return promise;
  };
  return { read, change };

  async function writeAll(): Promise<void> {
    writing = true;
    for (let failures = 0; pending.length > 0;) {
      const group = pending;
      pending = [];
      const stored = await writeOnce(group).catch(() => false);
      failures = stored ? 0 : failures + 1;
      if (stored) group.forEach(({ done }) => done(true));
      else await prepareRetry(group, failures);
    }
    writing = false;
  }

  async function writeOnce(group: readonly PendingChange[]): Promise<boolean> {
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

  async function prepareRetry(group: readonly PendingChange[], failures: number): Promise<void> {
    const ended = link.closing.aborted;
    const [kept, late] = [group.filter((one) => !isLate(one)), group.filter(isLate)];
    late.forEach(({ done }) => done(false));
    pending = [...kept, ...pending];
    if (ended) return;
    await link.whenConnected(AbortSignal.any([link.closing, AbortSignal.timeout(1_000)])).catch(() => undefined);
    await sleep(conflictDelay(failures));
  }

  function isLate({ giveUpAt }: PendingChange): boolean {
    return link.closing.aborted || performance.now() > giveUpAt;
  }
}

function currentOf({ mirror, clock }: LedgerContext, key: string, limits: KeyLimits): KeyRecord {
  const entry = mirror.entries.get(key);
  const record = entry === undefined ? undefined : readRecord(entry.value);
  return record === undefined ? emptyRecord(limits, clock.now()) : { ...record, ...limits };
}

/** Reads from the stream's leader, as the watcher may be late or silent. */
async function refresh({ link, kv, mirror }: LedgerContext, key: string): Promise<void> {
  const entry = await link.whileConnected(() => kv.get(key));
  if (entry === null) mirror.forget(key);
  else mirror.apply({ key, revision: entry.revision, value: entry.value });
}
