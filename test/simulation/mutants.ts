// Deliberately broken parts, each of which the simulation must find: a mutant that survives shows a missing check.

import { dependenciesMet } from '../../src/job/rules/dependenciesMet.ts';
import { queueTimeout } from '../../src/job/rules/queueTimeout.ts';
import { retryDue } from '../../src/job/rules/retryDue.ts';
import { workerLost } from '../../src/job/rules/workerLost.ts';
import type { Rule } from '../../src/job/rules/rule.ts';
import type { TaskState } from '../../src/job/task.ts';
import { submitted } from '../../src/job/transitions.ts';
import type { FollowEvent, LogEntry } from '../../src/ports/jobLog.ts';
import { withMethods } from './replaceMethods.ts';
import type { Plan } from './plan.ts';
import type { SimulateOptions } from './simulate.ts';

export interface Mutant {
  readonly name: string;
  readonly seams: NonNullable<SimulateOptions['seams']>;
  /** Only in runs of this kind. */
  readonly kind?: Plan['kind'];
  /** The simulation finds it within this many seeds, counted from 1. */
  readonly within: number;
  /** The invariants that may find it. */
  readonly by: readonly string[];
}

export const mutants: readonly Mutant[] = [
  {
    name: 'a log that accepts every write, whatever it expects',
    seams: {
      log: (log) => ({
        ...log,
        write: async (next) => log.write(next, (await log.last(next.state.of))?.sequence ?? 0),
      }),
    },
    within: 20,
    by: ['UnbrokenChain', 'LegalTransition', 'TerminalIsFinal', 'AttemptsBounded', 'TargetsOnlyGrow'],
  },
  {
    name: 'a controller without the rule for lost workers',
    seams: { without: workerLost },
    within: 400,
    by: ['LossIsNoticed'],
  },
  {
    name: 'a controller without the rule for retries',
    seams: { without: retryDue },
    within: 50,
    by: ['RetriedInTime', 'NothingOverdue'],
  },
  {
    name: 'a controller that never queues a task whose others have succeeded',
    seams: { without: dependenciesMet },
    within: 100,
    by: ['MovedWithOthers'],
  },
  {
    name: 'a controller that does not wait for all others of a task',
    seams: { replaced: [dependenciesMet, onceOneSucceeded] },
    within: 200,
    by: ['RunsAfterOthers'],
  },
  {
    name: 'a controller without the rule for the queue timeout',
    seams: { without: queueTimeout },
    within: 50,
    // Workers give an overdue task back, so it looks unserved as well.
    by: ['NothingOverdue', 'QueueIsServed', 'EverythingEnds'],
  },
  {
    name: 'a worker that writes the status before the artifact',
    seams: {
      artifacts: (store, later) => ({
        ...store,
        put: async (tenant, bytes, mediaType) => {
          later(2_000, () => void store.put(tenant, bytes, mediaType));
          const digest = `sha256:${Buffer.from(bytes.subarray(0, 32)).toString('hex').padEnd(64, '0')}`;
          return { digest, mediaType, bytes: bytes.length };
        },
      }),
    },
    within: 20,
    by: ['ResultsExist'],
  },
  {
    name: 'a worker that acknowledges its delivery before the claim',
    seams: {
      queue: (queue) =>
        withMethods(queue, {
          claimable: async (pool, atMost, signal) => {
            const deliveries = await queue.claimable(pool, atMost, signal);
            for (const delivery of deliveries) delivery.ack();
            return deliveries.map((delivery) => ({ ...delivery, nak: () => undefined }));
          },
        }),
    },
    within: 200,
    by: ['QueueIsServed', 'NothingLost'],
  },
  {
    name: 'a log that acknowledges a submit and forgets it',
    seams: {
      log: (log, stream) => ({
        ...log,
        submit: async (specs) => {
          if (specs.length > 1 || stream.lastSequence % 3 > 0) return log.submit(specs);
          const entries: LogEntry[] = specs.map(({ state }) => {
            return { sequence: 1_000_000, at: state.since, writeId: 'none', state: submitted(state.of) };
          });
          return { outcome: 'stored', entries };
        },
      }),
    },
    within: 20,
    by: ['AcknowledgedJobKept'],
  },
  {
    name: 'a follower that misses some messages',
    seams: {
      log: (log) => ({ ...log, follow: (from, signal) => withGaps(log.follow(from, signal)) }),
    },
    within: 100,
    by: [
      'IndexesAreCurrent',
      'NothingOverdue',
      'RetriedInTime',
      'MovedWithOthers',
      'LossIsNoticed',
      'HealthyWorkersAreKept',
      'PaidOnce',
    ],
  },
  {
    name: 'a log that puts every submitted task into the express line',
    seams: {
      log: (log) => ({
        ...log,
        submit: (specs) => log.submit(specs.map(({ state, ...rest }) => ({ ...rest, state: withoutPart(state) }))),
      }),
    },
    within: 100,
    by: ['SmallTenantsWaitTheirTurn'],
  },
  {
    name: 'a queue in which a large tenant gets no turn of its part',
    seams: {
      queue: (queue) =>
        withMethods(queue, {
          claimable: (pool, atMost, signal, room = () => Infinity) =>
            queue.claimable(pool, atMost, signal, (flow) => (flow.tenant === 'large' ? 0 : room(flow))),
        }),
    },
    within: 100,
    by: ['TenantsTakeTurns', 'QueueIsServed'],
  },
  {
    name: 'an observer that does not know that its own connection was lost',
    seams: { notifiesObservers: false },
    kind: 'natsAway',
    within: 200,
    by: ['PaidOnce', 'HealthyWorkersAreKept'],
  },
];

async function* withGaps(events: AsyncIterable<FollowEvent>): AsyncGenerator<FollowEvent> {
  for await (const event of events) if (event.event !== 'entry' || event.entry.sequence % 13 !== 5) yield event;
}

function onceOneSucceeded(...[seen, world, now, random]: Parameters<Rule>): ReturnType<Rule> {
  const known = seen.parents?.filter((parent) => parent?.state === 'succeeded') ?? [];
  return dependenciesMet({ ...seen, parents: known }, world, now, random);
}

function withoutPart<State extends TaskState>(state: State): State {
  if (state.state !== 'queued') return state;
  return { ...state, part: undefined };
}
