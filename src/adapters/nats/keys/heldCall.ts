// One reserved call: counted when it is sent, and judged when it ends.

import { sleep } from '../../../async/sleep.ts';
import type { Instant } from '../../../job/task.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { CallRequest, HeldKey, KeyOutcome, Verdict } from '../../../ports/keyRing.ts';
import { isProbe, openBreaker, type HealthRecord } from './health.ts';
import { judge } from './judge.ts';
import { again, stamp, stampValidFor, type KeyRecord } from './record.ts';
import type { RingKey } from './ringKey.ts';
import { obstacleOf, release } from './setbacks.ts';
import { patience, type Ledger } from './store.ts';

export interface CallContext {
  readonly clock: Clock;
  readonly call: CallRequest;
  readonly health: Ledger<HealthRecord>;
  /** Adds to the spending of the pool and the tenant. */
  readonly spend: (cost: number) => Promise<unknown>;
  /** How long the stamp of the reservation is good enough for sending, ms. */
  readonly stampValidFor: number;
  /** How long the hold lasts without a renewal, ms. */
  readonly holdFor: number;
  readonly onRelease: () => void;
}

export interface Reservation {
  readonly id: string;
  /** Undefined for a provider without keys. */
  readonly key: RingKey | undefined;
  /** When the request was last stamped. */
  readonly stampedAt: Instant;
  readonly isProbe: boolean;
}

/** For a request that waits to be sent. */
const sendPatience = 2_000;
const releasePatience = 3_000;

export function heldCall(context: CallContext, reservation: Reservation): HeldKey {
  const { id, key, isProbe: probes } = reservation;
  const { clock, health, call } = context;
  const hold = { sent: false };
  let { stampedAt } = reservation;
  let requests = 1;
  let released = false;
  key?.holds.set(id, hold);
  return {
    secret: key?.secret ?? '',
    fingerprint: key?.fingerprint ?? 'none',
    isProbe: probes,
    send: async () => {
      if (!mayBeSent(key?.read(), clock.now())) return false;
      let fresh = isFresh(context.stampValidFor);
      // A stamp that took too long to store is too old, too.
      for (let tries = 0; tries < 3 && !fresh; tries += 1) {
        if (!(await count(stamped))) return false;
        fresh = isFresh(stampValidFor);
      }
      hold.sent = fresh && !released;
      return hold.sent;
    },
    sendAgain: async () => {
      if (!mayBeSent(key?.read(), clock.now())) return false;
      requests += 1;
      const wanted = requests;
      return key === undefined || (await count((record, now) => again(record, id, wanted, now)));
    },
    release: async (outcome) => {
      if (released) return { outage: false };
      released = true;
      key?.holds.delete(id);
      context.onRelease();
      return settle(context, reservation, outcome);
    },
  };

  function isFresh(validFor: number): boolean {
    return key === undefined || clock.now() - stampedAt < validFor;
  }

  function mayBeSent(record: KeyRecord | undefined, now: Instant): boolean {
    if (released || key?.isRemoved === true) return false;
    if (record !== undefined && obstacleOf(record, call.model, now, id) !== undefined) return false;
    return probes ? isProbe(health.read(), id) : openBreaker(health.read(), now) === null;
  }

  function stamped(record: KeyRecord, now: Instant): KeyRecord | undefined {
    return stamp(record, id, now, context.holdFor);
  }

  /** Stores a change of the key that counts a request; false if the limits do not allow it or NATS does not answer. */
  async function count(apply: (record: KeyRecord, now: Instant) => KeyRecord | undefined): Promise<boolean> {
    let countedAt: Instant | undefined;
    const stored = await key!.change((record, now) => {
      const next = mayBeSent(record, now) ? apply(record, now) : undefined;
      countedAt = next === undefined ? undefined : now;
      return next ?? record;
    }, sendPatience);
    if (!stored || countedAt === undefined) return false;
    stampedAt = countedAt;
    return true;
  }
}

/** Stores what the call's outcome means for the key, the provider's health and the spending. */
async function settle(
  { clock, call, health, spend }: CallContext,
  { id, key, isProbe: probes }: Reservation,
  outcome: KeyOutcome,
): Promise<Verdict> {
  const shown = key?.withoutSecret(outcome) ?? outcome;
  const cost = 'cost' in outcome ? outcome.cost : undefined;
  const judgement = judge(health, { id, task: call.task, isProbe: probes }, shown, clock.now());
  const writes: readonly Promise<unknown>[] = [
    key?.change((record, now) => release(record, { id, model: call.model }, shown, now), patience),
    judgement.stored,
    cost !== undefined && cost > 0 && Number.isFinite(cost) ? spend(cost) : undefined,
  ].filter((write) => write !== undefined);
  if (writes.length > 0) await within(releasePatience, Promise.all(writes));
  return { outage: judgement.outage() };
}

/** Resolves with the work or after `ms`, whichever comes first. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  await Promise.race([work, sleep(ms, timer.signal)]);
  timer.abort();
}
