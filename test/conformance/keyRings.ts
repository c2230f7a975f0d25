// What the suites of the key ring share: rings of several processes, and calls that they make.

import { expect } from 'vitest';
import { taskError, type TaskErrorCode, type TaskErrorDetails } from '../../src/job/errors/index.ts';
import type { Block } from '../../src/job/block.ts';
import type { OpenRing } from '../../src/adapters/nats/keys/ring.ts';
import type { RunningLimits } from '../../src/job/shares.ts';
import type { Budgets } from '../../src/adapters/nats/keys/spending.ts';
import type { CallRequest, HeldKey, KeyOutcome, KeyRing, KeySettings } from '../../src/ports/keyRing.ts';
import type { VirtualClock } from '../fakes/clock.ts';
import { until } from '../support/until.ts';
import type { Installation } from './ports.ts';

export const key = (secret: string, limits: Partial<KeySettings> = {}): KeySettings => ({
  secret,
  requestsPerMinute: 1_000,
  maxInFlight: 1_000,
  ...limits,
});

export const used: KeyOutcome = { outcome: 'used' };
export const unused: KeyOutcome = { outcome: 'unused' };
export const never = new AbortController().signal;

export const failed = (code: TaskErrorCode, details: TaskErrorDetails = {}): KeyOutcome => ({
  outcome: 'failed',
  error: taskError(code, 'as the test says', details),
});

/** The rings of this many processes with the same keys. */
export async function rings(
  installation: Installation,
  clock: VirtualClock,
  keys: KeySettings[],
  { count = 2, budgets, limits }: { count?: number; budgets?: Budgets; limits?: RunningLimits } = {},
): Promise<OpenRing[]> {
  const processes = await Promise.all(Array.from({ length: count }, () => installation.process()));
  const more = {
    ...(budgets === undefined ? {} : { budgets: { front: budgets } }),
    ...(limits === undefined ? {} : { limits: () => limits }),
  };
  return Promise.all(processes.map((process) => process.keys(clock, { front: keys }, more)));
}

export const aCall = (over: Partial<CallRequest> = {}): CallRequest => {
  return { model: 'painter', tenant: 'acme', task: 'job/0', ...over };
};

/** A reserved call; fails the test if the ring answers with a block. */
export async function reserved(ring: KeyRing, over: Partial<CallRequest> = {}): Promise<HeldKey> {
  const answer = await ring.reserve('front', aCall(over));
  if ('secret' in answer) return answer;
  return expect.fail(`blocked: ${JSON.stringify(answer)}`);
}

export async function blocked(ring: KeyRing, over: Partial<CallRequest> = {}): Promise<Block> {
  const answer = await ring.reserve('front', aCall(over));
  if (!('secret' in answer)) return answer;
  await answer.release(unused);
  return expect.fail('not blocked');
}

/** Makes one call that ends like this. */
export async function called(ring: KeyRing, outcome: KeyOutcome, over: Partial<CallRequest> = {}) {
  const held = await reserved(ring, over);
  expect(await held.send()).toBe(true);
  return held.release(outcome);
}

/**
 * Advances the clock by a second at a time until the condition holds. The steps are `stepMs` of real time apart: an
 * answer from NATS that takes longer is seen a second late.
 */
export async function advanceUntil(clock: VirtualClock, done: () => boolean, what: string, stepMs = 3): Promise<void> {
  await until(
    () => {
      if (!done()) clock.skip(1_000);
      return done();
    },
    { what, intervalMs: stepMs },
  );
}

export async function onlyState(ring: KeyRing) {
  const states = await ring.state('front');
  expect(states).toHaveLength(1);
  return states[0]!;
}

/** The block of the model as another process sees it, once it does. */
export function blockSeen(ring: KeyRing, over: Partial<CallRequest> = {}): Promise<Block> {
  const { model, tenant } = aCall(over);
  return until(() => ring.block('front', model, tenant), { what: `the block of ${model}` });
}

export async function unblocked(ring: KeyRing, over: Partial<CallRequest> = {}): Promise<void> {
  const { model, tenant } = aCall(over);
  await until(() => ring.block('front', model, tenant) === undefined, { what: `the end of the block of ${model}` });
}
