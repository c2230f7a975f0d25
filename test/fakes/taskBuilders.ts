// Tasks for tests: an identity with every field set, states as their constructors make them, and arbitrary policies.

import fc from 'fast-check';
import { policyFor, type Policy, type PolicyRequest } from '../../src/job/policy.ts';
import type { OpenTask, Running, TaskIdentity, TaskState } from '../../src/job/task.ts';
import { claimed, failed, submitted, succeeded, toReview, waiting } from '../../src/job/transitions.ts';

/** A moment that is easy to read in failures: 2001-09-09T01:46:40Z. */
export const start = 1_000_000_000_000;

export function identity(over: Partial<Omit<TaskIdentity, 'policy'>> & { policy?: PolicyRequest } = {}): TaskIdentity {
  const { policy, ...rest } = over;
  return {
    job: '01hzy3v8k0000000000000test',
    task: 0,
    name: null,
    total: 1,
    tenant: 'default',
    pool: 'default',
    kind: 'image',
    model: 'gemini-3.1-flash-image',
    priority: 'normal',
    labels: {},
    policy: policyFor('image', policy),
    submittedAt: start,
    expiresAt: start + 7 * 86_400_000,
    deadline: null,
    owner: null,
    ...rest,
  };
}

export function runningTask(of: TaskIdentity = identity(), now = start): Running {
  return claimed(submitted(of), 'worker-1', 1, now);
}

/** One task of every open state, entered at `start`. */
export function openTasks(of: TaskIdentity = identity()): OpenTask[] {
  const running = runningTask(of);
  return [submitted(of), running, waiting(running, 'ProviderError', start + 50, start), toReview(running, start)];
}

/** One task of every state but `deleted`. */
export function everyState(of: TaskIdentity = identity()): TaskState[] {
  const running = runningTask(of);
  return [...openTasks(of), succeeded(running, start), failed(running, 'ProviderError', start)];
}

const duration = (most: number) => fc.integer({ min: 100, max: most });

export const arbitraryPolicy: fc.Arbitrary<Policy> = fc
  .record({
    attemptTimeout: duration(200_000),
    runTimeout: duration(600_000),
    queueTimeout: duration(86_400_000),
    reviewTimeout: duration(86_400_000),
    maxAttempts: fc.integer({ min: 1, max: 20 }),
    maxLostAttempts: fc.integer({ min: 1, max: 20 }),
    review: fc.constantFrom('never' as const, 'always' as const),
    backoff: fc.record({ first: fc.integer({ min: 1, max: 5_000 }), cap: fc.integer({ min: 1, max: 60_000 }) }),
  })
  .map((asked) => policyFor('image', asked));

export const arbitraryIdentity: fc.Arbitrary<TaskIdentity> = fc
  .record({
    policy: arbitraryPolicy,
    deadline: fc.option(fc.integer({ min: start + 100, max: start + 3_600_000 })),
  })
  .map((over) => identity(over));
