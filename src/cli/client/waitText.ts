// Why jobs and tasks wait and until when, and the names of tasks, in the words of tables and lines.

import type { Task, WaitingFor, WaitReason } from '../../client/index.ts';
import { clockOf, timeLeft } from '../output/format.ts';
import { printable } from '../output/text.ts';

/**
 * For a cell: `rate limit until 14:03:20Z (12 s)`, `provider outage, next try in 40 s`, `no worker serves pool default`; empty for
 * what does not wait. `now` in ms since 1970.
 */
export function waitText(waits: WaitingFor | null, now: number): string {
  if (waits === null) return '';
  const cause = causeText(waits);
  const { until } = waits;
  const next = nextSteps[waits.reason];
  const isAhead = until !== null && Date.parse(until) > now;
  if (next !== undefined) {
    const step = isAhead ? `${next} in ${timeLeft(until, now)}` : `${next} is due`;
    return waits.reason === 'Backoff' ? `${step}: ${cause}` : `${cause}, ${step}`;
  }
  return isAhead ? `${cause} until ${clockOf(until, now)} (${timeLeft(until, now)})` : cause;
}

/** As `waitText`, of a task. An API of an earlier version does not say what a task waits for, only when its next attempt is. */
export function taskWaitText({ waitingFor, retryAt, reason }: Task, now: number): string {
  const backoff = retryAt === null ? null : ({ reason: 'Backoff', until: retryAt, detail: reason } as const);
  return waitText(waitingFor ?? backoff, now);
}

/** The time of these is when something happens next, which does not have to end the wait. */
const nextSteps: Readonly<Partial<Record<WaitReason, string>>> = {
  ProviderOutage: 'next try',
  KeysRefused: 'next check',
  Backoff: 'next attempt',
};

const causes: Readonly<Partial<Record<WaitReason, string>>> = {
  WorkerMemory: 'next on a worker, which first ends other tasks',
  RateLimit: 'rate limit',
  KeysCooling: "the provider's rate limit",
  KeysRefused: 'every API key is refused',
  NoKeys: 'the pool has no API key',
  ProviderOutage: 'provider outage',
  QuotaExhausted: "the provider's quota is used up",
  PoolPaused: 'the pool is paused',
  TenantLimit: 'limit of running tasks reached',
  BudgetExhausted: 'the budget is spent',
  Review: 'needs a review',
  StorageFull: 'storage is full',
};

/** Of the other causes, and of those that a newer API may have, the start of the detail says it best. */
function causeText({ reason, detail }: WaitingFor): string {
  const [clause = ''] = detail.split(clauseEnds[reason] ?? '; ', 1);
  return causes[reason] ?? (uncapitalised(clause) || reason);
}

const clauseEnds: Readonly<Partial<Record<WaitReason, RegExp>>> = { SlotsBusy: /; | \(/, Dependency: /, / };

/** `No worker serves …` becomes `no worker serves …`; names such as `OpenAI` stay. */
const uncapitalised = (text: string): string => text.replace(/^[A-Z](?=[a-z]* )/, (letter) => letter.toLowerCase());

/** A line for each cause, whole and with its code: `3 tasks wait (ProviderOutage): Gemini answers 503 …`. */
export function waitLines(tasks: readonly Task[]): string[] {
  const waiting = tasks.filter(({ waitingFor }) => waitingFor !== null);
  const groups = [
    ...Map.groupBy(waiting, ({ waitingFor }) => `${waitingFor!.reason} ${groupOf(waitingFor!)}`).values(),
  ];
  return groups.map((group) => {
    const { reason, detail } = group[0]!.waitingFor!;
    const who = group.length === 1 ? `${taskName(group[0]!)} waits` : `${group.length} tasks wait`;
    return printable(`${who} (${reason}): ${detail}`);
  });
}

/** Each task has its own number of tasks ahead and its own next attempt: these are one line. */
const groupOf = ({ reason, detail }: WaitingFor): string => (['SlotsBusy', 'Backoff'].includes(reason) ? '' : detail);

/** A task's name, or its index if it has no name. */
export function taskName({ index, name }: Pick<Task, 'index' | 'name'>): string {
  return name ?? `task ${index}`;
}
