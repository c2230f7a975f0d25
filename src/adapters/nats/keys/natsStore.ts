// The records in a bucket of NATS KV. Changes that this process wants at the same time go into one conditional write, so its slots
// do not compete with each other. If another process wrote first, they are applied to the new record.

import { randomBytes } from 'node:crypto';
import type { KV } from '@nats-io/kv';
import { sleep } from '../../../async/sleep.ts';
import type { Clock } from '../../../ports/clock.ts';
import { isConflict } from '../jetstream/errors.ts';
import { conflictDelay } from '../jetstream/retry.ts';
import { storageOf } from '../jetstream/storageHealth.ts';
import type { BucketEntry, BucketMirror } from '../kv/mirror.ts';
import type { NatsLink } from '../link/connection.ts';
import type { Codec } from './codec.ts';
import type { Change, Ledger, RecordKind, RecordStore } from './store.ts';

interface Context {
  readonly link: NatsLink;
  readonly kv: KV;
  readonly mirror: BucketMirror;
  readonly clock: Clock;
}

export function natsStore(context: Context): RecordStore {
  const { mirror, link, clock } = context;
  const ledgers = new Map<string, Ledger<unknown>>();
  const find = cachedReader(mirror, clock);
  return {
    ledger: <T>(name: string, kind: RecordKind<T>): Ledger<T> => {
      const known = ledgers.get(name) as Ledger<T> | undefined;
      if (known !== undefined) return known;
      const opened = openLedger(context, name, kind, () => find(name, kind.codec) ?? kind.empty(clock.now()));
      ledgers.set(name, opened);
      return opened;
    },
    find,
    names: () => mirror.entries.keys(),
    onChange: (listener) => void mirror.onChange(listener),
    closing: link.closing,
  };
}

/** Parses each revision of a record once. */
function cachedReader(mirror: BucketMirror, clock: Clock): RecordStore['find'] {
  const parsed = new WeakMap<BucketEntry, unknown>();
  return <T>(name: string, codec: Codec<T>): T | undefined => {
    const entry = mirror.entries.get(name);
    if (entry === undefined) return undefined;
    if (!parsed.has(entry)) parsed.set(entry, codec.decode(jsonOf(entry.value), clock.now()));
    return parsed.get(entry) as T | undefined;
  };
}

const textOf = (entry: BucketEntry | undefined): string | undefined =>
  entry === undefined ? undefined : new TextDecoder().decode(entry.value);

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

interface PendingChange<T> {
  readonly apply: Change<T>;
  readonly giveUpAt: number;
  readonly done: (stored: boolean) => void;
}

function openLedger<T>(context: Context, name: string, { codec }: RecordKind<T>, read: () => T): Ledger<T> {
  const { link, mirror, clock } = context;
  let pending: PendingChange<T>[] = [];
  let writing = false;
  /** A write whose answer was lost. */
  let unanswered: { text: string; group: readonly PendingChange<T>[] } | undefined;
  const change = (apply: Change<T>, patienceMs: number): Promise<boolean> => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    pending.push({ apply, giveUpAt: performance.now() + patienceMs, done: resolve });
    if (!writing) void writeAll();
    return promise;
  };
  return { read, change };

  async function writeAll(): Promise<void> {
    writing = true;
    for (let failures = 0; pending.length > 0;) {
      const group = withoutStored(pending);
      pending = [];
      const stored = await writeOnce(group).catch(() => false);
      failures = stored ? 0 : failures + 1;
      if (stored) group.forEach(({ done }) => done(true));
      else await prepareRetry(group, failures);
    }
    writing = false;
  }

  async function writeOnce(group: readonly PendingChange<T>[]): Promise<boolean> {
    const before = read();
    const after = group.reduce((record, { apply }) => apply(record, clock.now()), before);
    if (after === before) return true;
    // The id tells this write from an equal one of another process.
    const text = JSON.stringify({ ...codec.encode(after), writeId: randomBytes(6).toString('base64url') });
    const previousSeq = mirror.entries.get(name)?.revision ?? 0;
    try {
      const revision = await link.whileConnected(() => context.kv.put(name, text, { previousSeq, timeout: 2_000 }));
      mirror.apply({ key: name, revision, value: new TextEncoder().encode(text) });
      return true;
    } catch (error) {
      if (isConflict(error)) await refresh(context, name);
      else unanswered = { text, group };
      storageOf(link).failed(`KV_${link.prefix}_keys`, error);
      throw error;
    }
  }

  /** Confirms the changes of an unanswered write that was stored after all, and returns the others. */
  function withoutStored(group: readonly PendingChange<T>[]): readonly PendingChange<T>[] {
    if (unanswered === undefined || textOf(mirror.entries.get(name)) !== unanswered.text) return group;
    const stored = new Set(unanswered.group);
    unanswered = undefined;
    for (const { done } of stored) done(true);
    return group.filter((one) => !stored.has(one));
  }

  async function prepareRetry(group: readonly PendingChange<T>[], failures: number): Promise<void> {
    const ended = link.closing.aborted;
    const [kept, late] = [group.filter((one) => !isLate(one)), group.filter(isLate)];
    late.forEach(({ done }) => done(false));
    pending = [...kept, ...pending];
    if (ended) return;
    await link.whenConnected(AbortSignal.any([link.closing, AbortSignal.timeout(1_000)])).catch(() => undefined);
    await sleep(conflictDelay(failures));
  }

  function isLate({ giveUpAt }: PendingChange<T>): boolean {
    return link.closing.aborted || performance.now() > giveUpAt;
  }
}

/** Reads from the stream's leader, as the watcher may be late or silent. */
async function refresh({ link, kv, mirror }: Context, name: string): Promise<void> {
  const entry = await link.whileConnected(() => kv.get(name));
  if (entry === null) mirror.forget(name);
  else mirror.apply({ key: name, revision: entry.revision, value: entry.value });
}
