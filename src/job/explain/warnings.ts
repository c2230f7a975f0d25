// What the answer to a submit warns about: obstacles that need help or much time, with their numbers and what to do.

import type { Block } from '../block.ts';
import { about, type Duration } from '../duration.ts';
import { fallbackFromBlock } from '../fallback.ts';
import { requestsPerMinute, startedWithin } from '../queueEstimate.ts';
import { failsOn } from '../rules/targetBlocked.ts';
import { timedRules } from '../rules/timing.ts';
import { targetOf } from '../target.ts';
import type { Instant, Queued } from '../task.ts';
import { blocked } from './blocked.ts';
import { at, count } from './format.ts';
import { exhausted, keyCounts, keysAdvice, type KeyCounts } from './keyCounts.ts';
import type { Observation } from './observation.ts';
import type { Ahead } from '../place.ts';
import { noWorkers, paused } from './queued.ts';
import { expectedStart, startText, type ExpectedStart } from './start.ts';
import { heldByStorage } from './storage.ts';

/** `KeysExhausted` stands for the wait reasons KeysRefused, KeysCooling and QuotaExhausted. Other codes are those of the wait reasons. */
export const warningCodes = [
  'StorageFull',
  'PoolPaused',
  'NoWorkers',
  'NoKeys',
  'KeysExhausted',
  'ProviderOutage',
  'BudgetExhausted',
  'QueueLongerThanTimeout',
] as const;
export type WarningCode = (typeof warningCodes)[number];

export interface Warning {
  readonly code: WarningCode;
  /** Sentences: the obstacle with its numbers, what happens, and what to do. */
  readonly message: string;
  /** When the obstacle ends or is checked next; null if that is unknown. */
  readonly until: Instant | null;
  /** Queued tasks of the pool, with the job's own. */
  readonly queued: number;
  /** When the job's queued tasks time out. */
  readonly failsAt: Instant;
  /** For `KeysExhausted`. */
  readonly keys?: KeyCounts;
  /** For `QueueLongerThanTimeout`: of the job's last task. */
  readonly estimate?: QueueEstimate;
}

export interface QueueEstimate {
  /** Tasks that are served before the job's last one. */
  readonly before: number;
  readonly wait: Duration;
  /** What is left of the time limit. */
  readonly timeout: Duration;
  /** Tasks of the job that would time out. */
  readonly late: number;
  /** Null if the pool needs no keys. */
  readonly requestsPerMinute: number | null;
  readonly slots: number;
  /** Null if it is unknown how long attempts take. */
  readonly attempt: Duration | null;
}

/** The first queued task of a job, and what is observed of it and its pool. */
interface Facts {
  readonly task: Queued;
  /** The places of the job's tasks in its lane, the first one first. */
  readonly aheads: readonly Ahead[];
  /** Of those, the ones for its model. */
  readonly ofModel: number;
  readonly seen: Observation;
}

type Found = Omit<Warning, 'queued' | 'failsAt'>;
type Rule = (facts: Facts) => Found | undefined;

/** `seen` is of one of the job's queued tasks in a lane; `ofModel` of them use its model. `aheads` are the places of all. */
export function warningsFor(seen: Observation, aheads: readonly Ahead[], ofModel = aheads.length): readonly Warning[] {
  const { task, pool } = seen;
  if (task.state !== 'queued') return [];
  const inOrder = aheads.toSorted((a, b) => a.again + a.lane - b.again - b.lane);
  const queued = Object.values(pool.lanes).reduce((sum, lane) => sum + lane, 0);
  return [storageFull, poolPaused, poolWithoutWorkers, noCall, queueTooLong].flatMap((rule: Rule) => {
    const found = rule({ task, aheads: inOrder, ofModel, seen });
    return found === undefined ? [] : { ...found, queued, failsAt: task.dueAt };
  });
}

function storageFull({ seen }: Facts): Found | undefined {
  const held = heldByStorage(seen);
  return held && { code: 'StorageFull', message: sentences(held.summary, held.advice), until: null };
}

function poolPaused(facts: Facts): Found | undefined {
  const { task, seen } = facts;
  const found = paused(seen.pool, seen.now);
  if (found === undefined) return undefined;
  const until = seen.pool.paused?.until ?? null;
  const isShort = until !== null && until < task.dueAt;
  const message = sentences(found.summary, isShort ? '' : otherwise(facts), found.advice);
  return { code: 'PoolPaused', message, until };
}

function poolWithoutWorkers(facts: Facts): Found | undefined {
  const { pool } = facts.seen;
  const found = pool.knowsWorkers === false ? undefined : noWorkers(pool);
  return found && { code: 'NoWorkers', message: sentences(found.summary, found.advice, otherwise(facts)), until: null };
}

function noCall(facts: Facts): Found | undefined {
  const { task, seen } = facts;
  const { block, pool, now } = seen;
  if (block === null) return undefined;
  const target = targetOf(task);
  const { summary, advice, waitingFor } = blocked(block, target, pool, now);
  const until = waitingFor?.until ?? null;
  const warning = (code: WarningCode, toDo: string | undefined): Found => {
    return { code, message: sentences(summary, effect(facts, block), toDo), until };
  };
  switch (block.reason) {
    case 'TenantLimit':
      // The tenant's own tasks make room, and more workers would not help.
      return undefined;
    case 'RateLimit':
      // Requests per minute come back by themselves, and the estimate counts them.
      return undefined;
    case 'NoKeys':
      return warning('NoKeys', advice);
    case 'ProviderOutage':
      return warning('ProviderOutage', "Check the provider's status page");
    case 'BudgetExhausted':
      return warning('BudgetExhausted', `Raise the budgets of pool ${pool.name}, or wait for the next day or month`);
    case 'KeysRefused':
    case 'KeysCooling':
    case 'QuotaExhausted': {
      const keys = keyCounts(pool.keys ?? [], target.model);
      const message = sentences(exhausted(keys, target, summary), effect(facts, block), keysAdvice(keys, block));
      return { code: 'KeysExhausted', message, until, keys };
    }
    default:
      return block.reason satisfies never;
  }
}

function queueTooLong({ task, aheads, seen }: Facts): Found | undefined {
  const tasks = aheads.length;
  const timeout = Math.max(0, task.dueAt - seen.now);
  const last = expectedStart(task, seen, aheads.at(-1));
  if (last === undefined || last.wait <= timeout) return undefined;
  const inTime = startedWithin(timeout, tasks, (place) => expectedStart(task, seen, aheads[place])?.wait ?? Infinity);
  const { slots, attemptMs: attempt, keys } = last.capacity;
  const rate = keys.length === 0 ? null : requestsPerMinute(keys);
  const { before, wait } = last;
  const estimate = { before, wait, timeout, late: tasks - inTime, requestsPerMinute: rate, slots, attempt };
  return { code: 'QueueLongerThanTimeout', message: tooLong(task, tasks, last, estimate), until: null, estimate };
}

function tooLong(task: Queued, tasks: number, last: ExpectedStart, { timeout, late, before }: QueueEstimate): string {
  const rule = codeAt(task);
  const limit = rule === 'DeadlineExceeded' ? 'deadline' : 'queueTimeout';
  const [which, fails] =
    tasks === 1
      ? ['The task', 'it would fail']
      : [`The last of the job's ${tasks} tasks`, `about ${late} of them would fail`];
  const first = actions[last.limit ?? 'opening'];
  return sentences(
    `${which} would start in ${startText(last)}, with ${count(before, 'task')} before it, but its ${limit} ends in ${about(timeout)}: ${fails} with ${rule}`,
    `${first === '' ? 'Raise' : `${first}, raise`} policy.${limit}, or submit the job later`,
  );
}

const actions: Readonly<Record<NonNullable<ExpectedStart['limit']>, string>> = {
  rate: 'Add keys or raise their requests per minute',
  slots: 'Add workers or slots',
  tenant: 'Raise the limits of the pool',
  opening: '',
};

/** What happens to the job's tasks while the pool admits no call. */
function effect(facts: Facts, block: Block): string {
  const { task, ofModel, seen } = facts;
  const [they, move, fail, wait] =
    ofModel === 1 ? ['The task', 'moves', 'fails', 'waits'] : [`The job's ${ofModel} tasks`, 'move', 'fail', 'wait'];
  const target = fallbackFromBlock(task, block, () => false);
  if (target !== undefined) {
    const { pool, model } = targetOf({ ...task, target });
    return `${they} ${move} to model ${model} of pool ${pool}`;
  }
  if (block.permanent || (block.confirmed && failsOn(block, task))) return `${they} ${fail} with ${block.code}`;
  const code = block.code === 'QueueTimeout' ? codeAt(task) : block.code;
  return `${they} ${wait}, and ${fail} with ${code} ${at(task.dueAt, seen.now)} if this lasts`;
}

function otherwise({ task, aheads, seen }: Facts): string {
  const they = aheads.length === 1 ? 'the task fails' : `the job's ${aheads.length} tasks fail`;
  return `Otherwise ${they} with ${codeAt(task)} ${at(task.dueAt, seen.now)}`;
}

/** The code with which a queued task times out. */
const codeAt = (task: Queued): string => timedRules(task)[0]!.rule;

const sentences = (...parts: readonly (string | undefined)[]): string =>
  parts.flatMap((part) => (part === undefined || part === '' ? [] : `${part.replace(/\.$/, '')}.`)).join(' ');
