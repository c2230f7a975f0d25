// The key ring of one process: the real ring, over a simulated bucket. What it knows arrives late, and is old while the process
// is disconnected; what it writes takes its time, meets other writes, and may be stored although no answer arrives.

import { openRing, type OpenRing, type RingOptions as OpenRingOptions } from '../../../src/adapters/nats/keys/ring.ts';
import { holdFor, stampValidFor } from '../../../src/adapters/nats/keys/record.ts';
import type { Change, Ledger, RecordKind, RecordStore } from '../../../src/adapters/nats/keys/store.ts';
import { equalJitter } from '../../../src/job/backoff.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { KeySettings } from '../../../src/ports/keyRing.ts';
import type { BucketEntry } from '../bucket.ts';
import type { Link } from '../link.ts';
import { fingerprintOf } from '../ringOfServer.ts';

export interface RingOptions {
  readonly link: Link;
  readonly clock: Clock;
  /** The keys of each pool that the process serves. */
  readonly keys: Readonly<Record<string, readonly KeySettings[]>>;
}

export function keysOver({ link, clock, keys }: RingOptions): OpenRing {
  const { process, server } = link;
  let ids = 0;
  const nextId = (): string => `${process.name}#${(ids += 1)}`;
  const store = storeOver(link, clock);
  const limits: NonNullable<OpenRingOptions['limits']> = (pool) => server.pools.find(pool)?.shares?.limits ?? {};
  const ring = openRing({ store, clock, keys, limits, fingerprint: fingerprintOf, nextId, holdFor, stampValidFor });
  const renew = (): void => {
    void ring.renewHolds();
    process.after(holdFor / 3, renew);
  };
  if (Object.keys(keys).length > 0) process.after(holdFor / 3, renew);
  return server.seams.ring?.(ring) ?? ring;
}

/** For one write. */
const writeTimeout = 2_000;

function storeOver(link: Link, clock: Clock): RecordStore {
  const mirror = new Mirror(link);
  const ledgers = new Map<string, Ledger<unknown>>();
  return {
    ledger: <T>(name: string, kind: RecordKind<T>): Ledger<T> => {
      const known = ledgers.get(name) as Ledger<T> | undefined;
      if (known !== undefined) return known;
      const opened = new RecordLedger(link, clock, mirror, name, () => mirror.read<T>(name) ?? kind.empty(clock.now()));
      ledgers.set(name, opened);
      return opened;
    },
    find: (name) => mirror.read(name),
    names: () => mirror.entries.keys(),
    onChange: (listener) => void mirror.listeners.push(listener),
    closing: new AbortController().signal,
  };
}

/** The process's copy of the bucket. */
class Mirror {
  readonly entries: Map<string, BucketEntry>;
  readonly listeners: ((name: string) => void)[] = [];
  readonly #link: Link;

  constructor(link: Link) {
    const { server, process } = link;
    const { bucket } = server;
    this.#link = link;
    this.entries = new Map(bucket.entries);
    const listener = { link, hear: (entry: BucketEntry) => this.apply(entry) };
    bucket.listeners.add(listener);
    process.onEnd(() => bucket.listeners.delete(listener));
    const copy = (): Promise<BucketEntry[]> => link.request('the records', async () => [...bucket.entries.values()]);
    link.onStatus((status) => {
      if (status !== 'reconnected') return;
      void copy().then(
        (entries) => entries.forEach((entry) => this.apply(entry)),
        () => undefined,
      );
    });
  }

  read<T>(name: string): T | undefined {
    const value = this.entries.get(name)?.value;
    const { process, server } = this.#link;
    const { records } = server.seams;
    if (value === undefined || records?.read === undefined) return value as T | undefined;
    return records.read(value, process.name) as T;
  }

  apply(entry: BucketEntry): void {
    if ((this.entries.get(entry.name)?.revision ?? 0) >= entry.revision) return;
    this.entries.set(entry.name, entry);
    for (const listener of this.listeners) listener(entry.name);
  }
}

interface PendingChange<T> {
  readonly apply: Change<T>;
  readonly giveUpAt: number;
  readonly done: (stored: boolean) => void;
}

/** As in the NATS adapter: changes wanted at the same time go into one conditional write. */
class RecordLedger<T> implements Ledger<T> {
  readonly read: () => T;
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #mirror: Mirror;
  readonly #name: string;
  #pending: PendingChange<T>[] = [];
  #writing = false;
  /** A write whose answer was lost. */
  #unanswered: { value: T; group: readonly PendingChange<T>[] } | undefined;

  constructor(link: Link, clock: Clock, mirror: Mirror, name: string, read: () => T) {
    this.read = read;
    this.#link = link;
    this.#clock = clock;
    this.#mirror = mirror;
    this.#name = name;
  }

  change(apply: Change<T>, patienceMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#pending.push({ apply, giveUpAt: this.#link.process.monotonic() + patienceMs, done: resolve });
    if (!this.#writing) void this.#writeAll();
    return promise;
  }

  async #writeAll(): Promise<void> {
    this.#writing = true;
    for (let failures = 0; this.#pending.length > 0;) {
      const group = this.#withoutStored(this.#pending);
      this.#pending = [];
      const stored = await this.#writeOnce(group).catch(() => false);
      failures = stored ? 0 : failures + 1;
      if (stored) for (const { done } of group) done(true);
      else await this.#prepareRetry(group, failures);
    }
    this.#writing = false;
  }

  async #writeOnce(group: readonly PendingChange<T>[]): Promise<boolean> {
    const { server } = this.#link;
    const { bucket } = server;
    const before = this.read();
    const after = group.reduce((record, { apply }) => apply(record, this.#clock.now()), before);
    if (after === before) return true;
    const value = (server.seams.records?.write?.(before, after) ?? after) as T;
    const previous = this.#mirror.entries.get(this.#name)?.revision ?? 0;
    let stored: BucketEntry | undefined;
    this.#unanswered = { value, group };
    const put = async (): Promise<BucketEntry | undefined> => {
      stored ??= bucket.put(this.#name, value, previous);
      return stored ?? bucket.entries.get(this.#name);
    };
    const answer = await this.#link.request('a record', put, writeTimeout);
    if (answer?.value !== value) this.#unanswered = undefined;
    if (answer !== undefined) this.#mirror.apply(answer);
    return answer?.value === value;
  }

  /** Confirms the changes of an unanswered write that was stored after all, and returns the others. */
  #withoutStored(group: readonly PendingChange<T>[]): readonly PendingChange<T>[] {
    const unanswered = this.#unanswered;
    if (unanswered === undefined || this.#mirror.entries.get(this.#name)?.value !== unanswered.value) return group;
    this.#unanswered = undefined;
    for (const { done } of unanswered.group) done(true);
    return group.filter((one) => !unanswered.group.includes(one));
  }

  async #prepareRetry(group: readonly PendingChange<T>[], failures: number): Promise<void> {
    const { process } = this.#link;
    const isLate = ({ giveUpAt }: PendingChange<T>): boolean => process.monotonic() > giveUpAt;
    for (const { done } of group.filter(isLate)) done(false);
    this.#pending = [...group.filter((one) => !isLate(one)), ...this.#pending];
    const delay = equalJitter(failures, { first: 10, cap: 100 }, process.random.next());
    await new Promise<void>((resolve) => void process.after(delay, resolve));
  }
}
