// Tasks to test with: a job of any size with sensible values, and log entries around states.

import { policyFor, type PolicyRequest } from '../../src/job/policy.ts';
import type { Queued, SpecWrite, TaskIdentity, TaskRequest, TaskState } from '../../src/job/task.ts';
import { submitted } from '../../src/job/transitions.ts';
import type { LogEntry } from '../../src/ports/jobLog.ts';

export const testNow = Date.UTC(2026, 10, 22);
const day = 86_400_000;

let jobs = 0;

/** A job id nobody else has in this test process. */
export function freshJobId(): string {
  jobs += 1;
  return `${process.pid.toString(36)}${jobs.toString(36)}`.padStart(26, '0').slice(-26);
}

export function anIdentity(over: Partial<TaskIdentity> = {}, policy: PolicyRequest = {}): TaskIdentity {
  const submittedAt = over.submittedAt ?? testNow;
  return {
    job: freshJobId(),
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
    expiresAt: submittedAt + 7 * day,
    deadline: null,
    owner: null,
    ...over,
  };
}

export const aRequest: TaskRequest = {
  input: { prompt: 'a front yard with native plants' },
  metadata: {},
  jobMetadata: {},
  digest: `sha256:${'0'.repeat(64)}`,
  concurrencyKey: null,
};

/** The specs of a new job of `total` tasks. */
export function aJob(total = 1, over: Partial<TaskIdentity> = {}, policy: PolicyRequest = {}): SpecWrite[] {
  const job = over.job ?? freshJobId();
  return Array.from({ length: total }, (_, task) => ({
    state: submitted(anIdentity({ ...over, job, task, total }, policy)),
    detail: { message: 'Submitted', request: aRequest },
  }));
}

export function queuedTask(over: Partial<TaskIdentity> = {}, policy: PolicyRequest = {}): Queued {
  return submitted(anIdentity(over, policy));
}

export function anEntry(sequence: number, state: TaskState): LogEntry {
  return { sequence, at: state.since, writeId: `write-${sequence}`, state };
}
