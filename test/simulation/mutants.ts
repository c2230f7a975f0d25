// Deliberately broken parts, each of which the simulation must find: what it does not find it does not guard.

import { queueTimeout } from '../../src/job/rules/queueTimeout.ts';
import { retryDue } from '../../src/job/rules/retryDue.ts';
import { workerLost } from '../../src/job/rules/workerLost.ts';
import { submitted } from '../../src/job/transitions.ts';
import type { FollowEvent, LogEntry } from '../../src/ports/jobLog.ts';
import { overlay } from './overlay.ts';
import type { Plan } from './plan.ts';
import type { SimulateOptions } from './simulate.ts';

export interface Mutant {
  readonly name: string;
  readonly seams: NonNullable<SimulateOptions['seams']>;
  /** In runs of this kind alone. */
  readonly kind?: Plan['kind'];
  /** It is found within this many seeds, from 1 on. */
  readonly within: number;
  /** What it may be found by. */
  readonly by: readonly string[];
}

export const mutants: readonly Mutant[] = [
  {
    name: 'a log that takes every write, whatever it expects',
    seams: {
      log: (log) => ({
        ...log,
        write: async (next) => log.write(next, (await log.last(next.state.of))?.sequence ?? 0),
      }),
    },
    within: 20,
    by: ['UnbrokenChain', 'LegalTransition', 'TerminalIsFinal', 'AttemptsBounded'],
  },
  {
    name: 'a controller without the rule for lost workers',
    seams: { without: workerLost },
    within: 200,
    by: ['LossIsNoticed'],
  },
  {
    name: 'a controller without the rule for retries',
    seams: { without: retryDue },
    within: 50,
    by: ['RetriedInTime', 'NothingOverdue'],
  },
  {
    name: 'a controller without the rule for the queue timeout',
    seams: { without: queueTimeout },
    within: 50,
    by: ['NothingOverdue', 'EverythingEnds'],
  },
  {
    name: 'a worker whose status is there before its artifact',
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
        overlay(queue, {
          claimable: async (pool, atMost, signal) => {
            const deliveries = await queue.claimable(pool, atMost, signal);
            for (const delivery of deliveries) delivery.done();
            return deliveries.map((delivery) => ({ ...delivery, giveBack: () => undefined }));
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
    name: 'a follower that misses a message now and then',
    seams: {
      log: (log) => ({ ...log, follow: (from, signal) => withGaps(log.follow(from, signal)) }),
    },
    within: 100,
    by: [
      'IndexesAreCurrent',
      'NothingOverdue',
      'RetriedInTime',
      'LossIsNoticed',
      'NobodyIsLostWithoutCause',
      'PaidOnce',
    ],
  },
  {
    name: 'an observer that is not told that it was cut off itself',
    seams: { tellsObservers: false },
    kind: 'natsAway',
    within: 200,
    by: ['PaidOnce', 'NobodyIsLostWithoutCause'],
  },
];

async function* withGaps(events: AsyncIterable<FollowEvent>): AsyncGenerator<FollowEvent> {
  for await (const event of events) if (event.event !== 'entry' || event.entry.sequence % 13 !== 5) yield event;
}
