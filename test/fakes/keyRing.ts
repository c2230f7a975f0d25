// The key ring over records in memory; several rings share them as workers do. A test sees what was released, and can limit how
// many keys a ring hands out.

import { createHash } from 'node:crypto';
import { plainBlock } from '../../src/job/block.ts';
import type { RunningLimits } from '../../src/job/shares.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { HeldKey, KeyOutcome, KeySettings, KeyState } from '../../src/ports/keyRing.ts';
import { openRing, type OpenRing } from '../../src/adapters/nats/keys/ring.ts';
import type { Budgets } from '../../src/adapters/nats/keys/spending.ts';
import type { Ledger, RecordKind, RecordStore } from '../../src/adapters/nats/keys/store.ts';

export interface FakeKeyRing extends OpenRing {
  /** How each key that this ring handed out was given back, oldest first. */
  readonly released: readonly KeyOutcome[];
  /** How many keys of this ring are held. */
  readonly inHand: number;
  /** Lets no more than so many keys of this ring be held at once; others wait. */
  limit(count: number): void;
  /** What `state` answers in place of what was counted. */
  states: readonly KeyState[] | undefined;
}

/** The rings of several workers, which share their keys. */
export interface FakeKeyRings {
  ring(
    keys: Readonly<Record<string, readonly KeySettings[]>>,
    budgets?: Readonly<Record<string, Budgets>>,
    limits?: (pool: string) => RunningLimits,
  ): FakeKeyRing;
  outages: OpenRing['outages'];
}

/** Holds are not renewed: they must outlast every call. */
const holdFor = 86_400_000;

export function fakeKeyRings(clock: Clock): FakeKeyRings {
  const store = memoryStore(clock);
  let ids = 0;
  const nextId = (): string => `hold-${(ids += 1)}`;
  // Each request is stamped when it is sent: writes cost nothing.
  const shared = { store, clock, fingerprint, nextId, holdFor, stampValidFor: 0 };
  const seen = openRing({ ...shared, keys: {} });
  return {
    ring: (keys, budgets = {}, limits = () => ({})) => limited(openRing({ ...shared, keys, budgets, limits }), clock),
    outages: (pool) => seen.outages(pool),
  };
}

const fingerprint = (secret: string): string => createHash('sha256').update(secret).digest('hex').slice(0, 16);

function memoryStore(clock: Clock): RecordStore {
  const records = new Map<string, unknown>();
  const listeners: ((name: string) => void)[] = [];
  return {
    ledger: <T>(name: string, { empty }: RecordKind<T>): Ledger<T> => {
      const read = (): T => (records.get(name) as T | undefined) ?? empty(clock.now());
      const change = (apply: (record: T, now: number) => T): Promise<boolean> => {
        const before = read();
        const after = apply(before, clock.now());
        if (after !== before) {
          records.set(name, after);
          for (const listener of listeners) listener(name);
        }
        return Promise.resolve(true);
      };
      return { read, change };
    },
    find: <T>(name: string): T | undefined => records.get(name) as T | undefined,
    names: () => records.keys(),
    onChange: (listener) => void listeners.push(listener),
    closing: new AbortController().signal,
  };
}

/** The ring with what a test sees and sets. */
function limited(ring: OpenRing, clock: Clock): FakeKeyRing {
  const released: KeyOutcome[] = [];
  let inHand = 0;
  let most = Infinity;
  let wake = new AbortController();
  const changed = (): void => {
    wake.abort();
    wake = new AbortController();
  };
  const untilFewer = async (signal: AbortSignal): Promise<void> => {
    while (inHand >= most) {
      const woken = AbortSignal.any([signal, wake.signal]);
      await clock.sleep(clock.now() + holdFor, woken).catch(() => undefined);
      signal.throwIfAborted();
    }
  };
  const seen = (held: HeldKey): HeldKey => {
    inHand += 1;
    let isHeld = true;
    const release: HeldKey['release'] = (outcome) => {
      if (isHeld) {
        isHeld = false;
        inHand -= 1;
        released.push(outcome);
        changed();
      }
      return held.release(outcome);
    };
    return { ...held, release };
  };
  const fake: FakeKeyRing = {
    released,
    states: undefined,
    get inHand() {
      return inHand;
    },
    limit: (count) => {
      most = count;
      changed();
    },
    untilRoom: async (pool, models, signal) => {
      await untilFewer(signal);
      return Math.min(most - inHand, await ring.untilRoom(pool, models, signal));
    },
    reserve: async (pool, call) => {
      if (inHand >= most) return full;
      const held = await ring.reserve(pool, call);
      return 'secret' in held ? seen(held) : held;
    },
    state: (pool) => (fake.states === undefined ? ring.state(pool) : Promise.resolve(fake.states)),
    block: (...call) => (inHand >= most ? full : ring.block(...call)),
    takePlace: (pool, request) => ring.takePlace(pool, request),
    room: (pool, flow) => ring.room(pool, flow),
    outages: (pool) => ring.outages(pool),
    spending: (pool) => ring.spending(pool),
    onChange: (listener, signal) => ring.onChange(listener, signal),
    replaceKeys: (pool, keys) => ring.replaceKeys(pool, keys),
    renewHolds: () => ring.renewHolds(),
  };
  return fake;
}

const full = plainBlock('RateLimit', null);
