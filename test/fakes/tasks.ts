// The builder of tasks for tests: an identity with every field set, states as their constructors make them, specs of whole
// jobs, log entries, and arbitrary policies.

import fc from 'fast-check';
import { policyFor, type Policy, type PolicyRequest } from '../../src/job/policy.ts';
import type { OpenTask, Queued, Running, SpecWrite, TaskIdentity, TaskRequest, TaskState } from '../../src/job/task.ts';
import { claimed, failed, submitted, succeeded, toReview, waiting } from '../../src/job/transitions.ts';
import type { LogEntry } from '../../src/ports/jobLog.ts';

/** The moment at which tests start: 2026-11-22T00:00:00Z. */
export const start = Date.UTC(2026, 10, 22);
const week = 7 * 86_400_000;

export type IdentityOverrides = Partial<Omit<TaskIdentity, 'policy'>> & { readonly policy?: PolicyRequest };

/** Always the same job, unless `over` names another. */
export function identity({ policy, ...over }: IdentityOverrides = {}): TaskIdentity {
  const submittedAt = over.submittedAt ?? start;
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
    submittedAt,
    expiresAt: submittedAt + week,
    deadline: null,
    owner: null,
    ...over,
  };
}

let jobs = 0;

/** A job id that nothing else in this process has. */
export function freshJobId(): string {
  jobs += 1;
  return `${process.pid.toString(36)}${jobs.toString(36)}`.padStart(26, '0').slice(-26);
}

export const aRequest: TaskRequest = {
  input: { prompt: 'a front yard with native plants' },
  metadata: {},
  jobMetadata: {},
  digest: `sha256:${'0'.repeat(64)}`,
  concurrencyKey: null,
};

/** The specs of a new job of `total` tasks. */
export function aJob(total = 1, over: IdentityOverrides = {}): SpecWrite<Queued>[] {
  const job = over.job ?? freshJobId();
  return Array.from({ length: total }, (_, task) => ({
    state: submitted(identity({ ...over, job, task, total })),
    detail: { message: 'Submitted', request: aRequest },
  }));
}

/** The task of a new job. */
export function queuedTask(over: IdentityOverrides = {}): Queued {
  return submitted(identity({ job: freshJobId(), ...over }));
}

export function runningTask(of: TaskIdentity = identity(), now = start): Running {
  return claimed(submitted(of), 'worker-1', 1, now);
}

/** One task of every open state, entered at `start`. */
export function openTasks(of: TaskIdentity = identity()): OpenTask[] {
  const running = runningTask(of);
  return [submitted(of), running, waiting(running, 'ProviderError', start + 50, start), toReview(running, start)];
}

/** One task of every state but `cancelled` and `deleted`. */
export function everyState(of: TaskIdentity = identity()): TaskState[] {
  const running = runningTask(of);
  return [...openTasks(of), succeeded(running, start), failed(running, 'ProviderError', start)];
}

export function anEntry(sequence: number, state: TaskState): LogEntry {
  return { sequence, at: state.since, writeId: `write-${sequence}`, state };
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
