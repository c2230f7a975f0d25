// Deliberate bugs in what happens while the provider fails: the breaker, the keys, free attempts, fallbacks and timeouts.

import type { HealthRecord } from '../../src/adapters/nats/keys/health.ts';
import type { KeyRecord } from '../../src/adapters/nats/keys/record.ts';
import { queueTimeout } from '../../src/job/rules/queueTimeout.ts';
import type { Rule } from '../../src/job/rules/rule.ts';
import { blockOf, targetBlocked } from '../../src/job/rules/targetBlocked.ts';
import { failBy } from '../../src/job/rules/timeout.ts';
import type { TaskWrite } from '../../src/job/task.ts';
import { fellBack } from '../../src/job/transitions.ts';
import type { Mutant } from './mutants.ts';
import { withMethods } from './replaceMethods.ts';

export const providerMutants: readonly Mutant[] = [
  {
    name: 'a breaker that never opens',
    seams: { records: { write: (_, after) => (isHealth(after) ? { ...after, open: null } : after) } },
    kind: 'badDay',
    within: 50,
    by: ['OutagesAreProbed'],
  },
  {
    name: 'a breaker that lets every worker probe',
    seams: { records: { read: (value, process) => (isHealth(value) ? withoutOtherProbe(value, process) : value) } },
    kind: 'badDay',
    within: 100,
    by: ['OutagesAreProbed'],
  },
  {
    name: 'a breaker that never closes',
    seams: {
      records: { write: (before, after) => (isHealth(after) ? stillOpen(before as HealthRecord, after) : after) },
    },
    kind: 'badDay',
    within: 50,
    by: ['SuccessEndsOutage', 'QueueIsServed'],
  },
  {
    name: 'a key ring that counts a request when it is reserved, not when it is sent',
    seams: {
      ring: (ring) =>
        withMethods(ring, {
          reserve: async (...call) => {
            const held = await ring.reserve(...call);
            return 'secret' in held ? { ...held, send: async () => true } : held;
          },
        }),
    },
    kind: 'faults',
    within: 600,
    by: ['LimitsHold'],
  },
  {
    name: 'an attempt that counts although the outage was known',
    seams: { log: (log) => ({ ...log, write: (next, expected) => log.write(counted(next), expected) }) },
    kind: 'badDay',
    within: 50,
    by: ['OutagesAreFree'],
  },
  {
    name: 'a refused key that is used like any other',
    seams: { records: { write: (_, after) => (isKey(after) ? { ...after, refusal: null } : after) } },
    kind: 'badDay',
    within: 50,
    by: ['RefusedKeysRest'],
  },
  {
    name: 'a blocked task that goes back to an earlier target',
    seams: { replaced: [targetBlocked, backToEarlierTarget] },
    kind: 'badDay',
    within: 300,
    by: ['TargetsOnlyGrow'],
  },
  {
    name: 'a queue timeout that ignores the block',
    seams: { replaced: [queueTimeout, bareQueueTimeout] },
    kind: 'badDay',
    within: 50,
    by: ['BlocksAreNamed'],
  },
];

const isHealth = (record: unknown): record is HealthRecord => 'streak' in (record as object);
const isKey = (record: unknown): record is KeyRecord => 'grants' in (record as object);

/** The process does not see that another one probes. */
function withoutOtherProbe(record: HealthRecord, process: string): HealthRecord {
  const { open } = record;
  if (open === null || open.probe === null || open.probe.id.startsWith(`${process}#`)) return record;
  return { ...record, open: { ...open, probe: null } };
}

function stillOpen({ open }: HealthRecord, after: HealthRecord): HealthRecord {
  return after.open === null && open !== null ? { ...after, open: { ...open, probe: null } } : after;
}

function counted(next: TaskWrite): TaskWrite {
  if (next.state.state !== 'queued' || next.detail.error?.outage !== true) return next;
  return { ...next, state: { ...next.state, attempt: next.state.attempt + 1 } } as TaskWrite;
}

function backToEarlierTarget(...[seen, world, now, random]: Parameters<Rule>): ReturnType<Rule> {
  const { task } = seen;
  const { target = 0 } = task;
  if (task.state !== 'queued' || target === 0 || blockOf(task, world)?.confirmed !== true)
    return targetBlocked(seen, world, now, random);
  return { do: 'write', rule: 'FallBack', state: fellBack(task, target - 1, now), message: 'falling back' };
}

function bareQueueTimeout(...[seen, world, now, random]: Parameters<Rule>): ReturnType<Rule> {
  const verdict = queueTimeout(seen, world, now, random);
  return verdict === undefined ? undefined : failBy('QueueTimeout', seen.task, 'No worker claimed the task', now);
}
