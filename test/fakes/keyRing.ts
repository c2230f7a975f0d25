// Provider keys counted in memory; several rings share their keys as workers do. A test sees what was released, and can
// limit how many keys a ring hands out.

import { createHash } from 'node:crypto';
import { backoffCeiling } from '../../src/job/backoff.ts';
import type { TaskError } from '../../src/job/errors/index.ts';
import type { Instant } from '../../src/job/task.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type {
  AcquiredKey as HeldKey,
  AcquiringKeyRing as KeyRing,
  KeyOutcome,
  KeySettings,
  KeyState,
} from '../../src/ports/keyRing.ts';

interface Key extends KeySettings {
  readonly fingerprint: string;
  /** When each request of the last minute was granted. */
  grants: Instant[];
  inFlight: number;
  coolUntil: Instant;
  strikes: number;
  refusedUntil: Instant;
  cause: string | null;
}

export interface FakeKeyRing extends KeyRing {
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
  ring(keys: Readonly<Record<string, readonly KeySettings[]>>): FakeKeyRing;
}

const minute = 60_000;
const cool = { first: 5_000, cap: 60_000, quota: 3_600_000, refused: 600_000 };
const unlimited: HeldKey = { secret: '', fingerprint: 'none', release: () => undefined };

export function fakeKeyRings(clock: Clock): FakeKeyRings {
  const pools = new Map<string, Map<string, Key>>();
  const lines = new Map<string, Promise<unknown>>();
  let wake = new AbortController();
  const changed = (): void => {
    wake.abort();
    wake = new AbortController();
  };
  const keysOf = (pool: string): Key[] => [...(pools.get(pool)?.values() ?? [])];
  const state = (pool: string): Promise<KeyState[]> =>
    Promise.resolve(keysOf(pool).map((key) => stateOf(pool, key, clock.now())));
  return {
    ring: (settings) => {
      for (const [pool, keys] of Object.entries(settings)) addKeys(pools, pool, keys);
      const released: KeyOutcome[] = [];
      let inHand = 0;
      let most = Infinity;
      const hold = (key: Key): HeldKey => {
        inHand += 1;
        return holdKey(key, (outcome) => {
          inHand -= 1;
          released.push(outcome);
        });
      };
      const ring: FakeKeyRing = {
        released,
        states: undefined,
        get inHand() {
          return inHand;
        },
        limit: (count) => {
          most = count;
          changed();
        },
        state: (pool) => (ring.states === undefined ? state(pool) : Promise.resolve(ring.states)),
        acquire: async (pool, signal) => {
          signal.throwIfAborted();
          const own = new Set(settings[pool]?.map(({ secret }) => secret));
          if (own.size === 0) return unlimited;
          const isFull = (): boolean => inHand >= most;
          // One line per pool: first come, first served.
          const turn = (lines.get(pool) ?? Promise.resolve()).then(async () =>
            hold(await nextReady(pool, own, isFull, signal)),
          );
          const settled = turn.then(
            () => undefined,
            () => undefined,
          );
          lines.set(pool, settled);
          return orAborted(turn, signal);
        },
      };
      return ring;
    },
  };

  /** Waits until the ring may hand out one of its own keys. */
  async function nextReady(
    pool: string,
    own: ReadonlySet<string>,
    isFull: () => boolean,
    signal: AbortSignal,
  ): Promise<Key> {
    for (;;) {
      signal.throwIfAborted();
      const now = clock.now();
      const keys = isFull() ? [] : keysOf(pool).filter(({ secret }) => own.has(secret));
      const at = Math.min(...keys.map((key) => readyAt(key, now)));
      const key = keys.find((candidate) => readyAt(candidate, now) <= now);
      if (key !== undefined) return key;
      const stop = AbortSignal.any([signal, wake.signal]);
      if (at === Infinity) await new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve()));
      else await clock.sleep(at, stop).catch(() => undefined);
    }
  }

  function holdKey(key: Key, onRelease: (outcome: KeyOutcome) => void): HeldKey {
    const now = clock.now();
    key.grants.push(now);
    key.inFlight += 1;
    let held = true;
    const release = (outcome: KeyOutcome): void => {
      if (!held) return;
      held = false;
      key.inFlight -= 1;
      if (outcome.outcome === 'unused') key.grants.splice(key.grants.indexOf(now), 1);
      if (outcome.outcome === 'used' && key.coolUntil <= clock.now()) key.strikes = 0;
      if (outcome.outcome === 'failed') punish(key, outcome.error, clock.now());
      onRelease(outcome);
      changed();
    };
    return { secret: key.secret, fingerprint: key.fingerprint, release };
  }
}

/** Rejects as soon as the signal aborts; a key that is handed out later goes back unused. */
function orAborted(turn: Promise<HeldKey>, signal: AbortSignal): Promise<HeldKey> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    const serve = (key: HeldKey): void => (signal.aborted ? key.release({ outcome: 'unused' }) : resolve(key));
    turn.then(serve, reject);
  });
}

function addKeys(pools: Map<string, Map<string, Key>>, pool: string, settings: readonly KeySettings[]): void {
  const keys = pools.get(pool) ?? new Map<string, Key>();
  pools.set(pool, keys);
  for (const key of settings) {
    const fingerprint = createHash('sha256').update(key.secret).digest('hex').slice(0, 16);
    const fresh = { grants: [], inFlight: 0, coolUntil: 0, strikes: 0, refusedUntil: 0, cause: null };
    if (!keys.has(fingerprint)) keys.set(fingerprint, { ...key, fingerprint, ...fresh });
  }
}

/** Infinity while only a release can bring it. */
function readyAt(key: Key, now: Instant): Instant {
  if (key.inFlight >= key.maxInFlight) return Infinity;
  key.grants = key.grants.filter((at) => at > now - minute);
  const surplus = key.grants.length - key.requestsPerMinute;
  return Math.max(now, key.coolUntil, key.refusedUntil, surplus < 0 ? 0 : key.grants[surplus]! + minute);
}

function punish(key: Key, { code, retryAfter }: TaskError, now: Instant): void {
  if (code === 'KeyRefused') key.refusedUntil = now + cool.refused;
  else if (code !== 'RateLimited' && code !== 'QuotaExhausted') return;
  else {
    if (key.coolUntil <= now) key.strikes += 1;
    const usual = code === 'QuotaExhausted' ? cool.quota : backoffCeiling(key.strikes, cool);
    key.coolUntil = Math.max(key.coolUntil, now + (retryAfter ?? usual));
  }
  key.cause = code;
}

function stateOf(pool: string, key: Key, now: Instant): KeyState {
  const { fingerprint, requestsPerMinute, inFlight, refusedUntil, coolUntil, cause } = key;
  const base = { pool, fingerprint, requestsPerMinute, inFlight, provider: null, message: '', models: [] };
  if (refusedUntil > now) return { ...base, state: 'refused', until: refusedUntil, cause };
  if (coolUntil > now) return { ...base, state: 'cooling', until: coolUntil, cause };
  return { ...base, state: readyAt(key, now) <= now ? 'ready' : 'busy', until: null, cause: null };
}
