// The bounds of an exploration: the processes, the policy of the tasks, and how much may go wrong.
import type { After } from '../../src/job/chains/order.ts';
import type { Policy } from '../../src/job/policy.ts';
import { tick } from './tick.ts';

export interface Scenario {
  readonly name: string;
  readonly tasks: number;
  /** By task: those that it waits for. Absent: none waits. */
  readonly after?: After;
  readonly workers: number;
  /** The number of attempts that a worker runs in parallel. */
  readonly slots: number;
  readonly controllers: number;
  readonly policy: Policy;
  /** Ticks after the submit, or null. */
  readonly deadline: number | null;
  /** Faults in one history, of any kind. */
  readonly faults: number;
  readonly cancels: number;
  readonly retries: number;
  readonly reviews: number;
  /** Outages of the provider in one history, of any target and any length. */
  readonly outages: number;
  /** Leaves out writes that will certainly be refused: see reduce.ts. */
  readonly reduced: boolean;
}

interface Times {
  readonly queue?: number;
  readonly run?: number;
  readonly attempt?: number;
  readonly review?: number;
  readonly maxAttempts?: number;
  readonly maxLost?: number;
}

/** A policy in ticks; `review` requires a review of each result. */
function policyInTicks({ queue = 3, run = 4, attempt = 2, review, maxAttempts = 3, maxLost = 2 }: Times): Policy {
  return {
    queueTimeout: queue * tick,
    runTimeout: run * tick,
    attemptTimeout: attempt * tick,
    reviewTimeout: (review ?? 0) * tick,
    review: review === undefined ? 'never' : 'always',
    maxAttempts,
    maxLostAttempts: maxLost,
    backoff: { first: tick, cap: tick },
  };
}

const one: Scenario = {
  name: 'one task',
  tasks: 1,
  workers: 2,
  slots: 1,
  controllers: 1,
  policy: policyInTicks({ queue: 2, run: 3, attempt: 1 }),
  deadline: null,
  faults: 1,
  cancels: 1,
  retries: 0,
  reviews: 0,
  outages: 0,
  reduced: true,
};

const least = policyInTicks({ queue: 1, run: 2, attempt: 1, maxAttempts: 2 });
const reviewed = policyInTicks({ queue: 1, run: 2, attempt: 1, review: 1, maxAttempts: 2 });
const patient = policyInTicks({ queue: 2, run: 2, attempt: 1, maxAttempts: 2 });
const chain = { ...least, fallback: [{ pool: 'default', model: 'second' }] };
const brief = policyInTicks({ queue: 1, run: 1, attempt: 1, maxAttempts: 1, maxLost: 1 });
const pair: After = [[], [0]];
const undisturbed = { cancels: 0, retries: 0, policy: least };

/** What `make test` explores. */
export const scenarios = {
  one,
  faults: { ...one, name: 'one task, two faults', policy: least, faults: 2, retries: 1 },
  stale: { ...one, name: 'one task, every stale view', policy: least, reduced: false },
  controllers: { ...one, name: 'one task, two controllers', policy: least, controllers: 2, retries: 1 },
  tasks: { ...one, ...undisturbed, name: 'two tasks', tasks: 2, workers: 1 },
  slots: {
    ...one,
    ...undisturbed,
    name: "two tasks in one worker's two slots",
    tasks: 2,
    workers: 1,
    slots: 2,
    faults: 0,
  },
  review: { ...one, name: 'with review', policy: reviewed, reviews: 1, retries: 1 },
  flagged: { ...one, name: 'with review of flagged results', policy: { ...reviewed, review: 'onFlag' }, reviews: 1 },
  deadline: { ...one, name: 'with a deadline', policy: least, deadline: 3, retries: 1 },
  outage: { ...one, name: 'with an outage', policy: patient, cancels: 0, outages: 1 },
  fallback: { ...one, name: 'with a fallback and two outages', policy: chain, workers: 1, cancels: 0, outages: 2 },
  impatient: {
    ...one,
    name: 'with an outage that fails the task',
    policy: { ...patient, onOutage: 'fail' },
    workers: 1,
    cancels: 0,
    outages: 1,
  },
  chain: {
    ...one,
    name: 'a task that waits for another, one fault',
    policy: least,
    tasks: 2,
    after: pair,
    workers: 1,
    cancels: 0,
  },
  chainRequests: {
    ...one,
    name: 'a task that waits for another, two controllers, a cancel and a retry',
    policy: brief,
    tasks: 2,
    after: pair,
    workers: 1,
    controllers: 2,
    faults: 0,
    retries: 1,
  },
  chainStale: {
    ...one,
    name: 'a task that waits for another, every stale view',
    policy: least,
    tasks: 2,
    after: pair,
    workers: 1,
    controllers: 1,
    faults: 0,
    cancels: 0,
    retries: 1,
    reduced: false,
  },
  chainReview: {
    ...one,
    ...undisturbed,
    name: 'a task that waits for one in review',
    policy: reviewed,
    tasks: 2,
    after: pair,
    workers: 1,
    faults: 0,
    cancels: 1,
    reviews: 2,
  },
  diamond: {
    ...one,
    name: 'four tasks in a diamond',
    policy: brief,
    tasks: 4,
    after: [[], [0], [0], [1, 2]],
    workers: 1,
    faults: 0,
    cancels: 0,
  },
} satisfies Record<string, Scenario>;
