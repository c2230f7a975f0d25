// Why a queued task has not been claimed: every obstacle, in the order in which they must be removed.

import { about } from '../duration.ts';
import { resumeCommand } from '../poolResource.ts';
import { targetOf } from '../target.ts';
import type { Instant, Queued } from '../task.ts';
import { blocked } from './blocked.ts';
import type { Finding, Observation, ObservedHolder, ObservedPool, WaitingFor, WaitReason } from './observation.ts';
import { clockTime, count, isOrAre, wasOrWere } from './format.ts';
import { expectedStart, startText } from './start.ts';

/** ms after which it is unexpected that free workers have not claimed the next task. */
const claimExpectedWithin = 10_000;

export function whyQueued(task: Queued, seen: Observation): Finding[] {
  const { pool, block, holder, now } = seen;
  const noCall = block === null ? undefined : blocked(block, targetOf(task), pool, now);
  const obstacles = [removed(pool), paused(pool, now), noWorkers(pool), noCall].filter((it) => it !== undefined);
  // It has been fetched, so nothing is ahead of it.
  if (holder !== undefined) return [...obstacles, heldForMemory(task, holder)];
  const behind = queuedBehind(task, seen);
  // More workers would not help while another obstacle is in the way.
  if (behind !== undefined) obstacles.push(obstacles.length === 0 ? behind : { ...behind, advice: '' });
  if (obstacles.length > 0) return obstacles;
  return [pool.slots.free === 0 ? workersBusy(task, seen) : next(task, seen)];
}

/** Undefined while remaining workers of the removed pool can still run the task. */
function removed({ name, removed: isRemoved = false, workers, draining }: ObservedPool): Finding | undefined {
  if (!isRemoved || workers > draining) return undefined;
  const summary = `Pool ${name} no longer exists: its WorkerPool was deleted`;
  return {
    cause: 'PoolRemoved',
    summary,
    waitingFor: waits('NoWorkers', summary),
    advice: `Create a pool named ${name}, or cancel the job. Otherwise the task fails at its queue timeout.`,
  };
}

export function paused({ name, paused: pause, resource }: ObservedPool, now: Instant): Finding | undefined {
  if (pause === null) return undefined;
  const { until } = pause;
  const detail = `Pool ${name} is paused until ${until === null ? 'it is resumed' : clockTime(until)}`;
  const end = until === null ? 'until it is resumed' : `for ${about(until - now)}, until ${clockTime(until)}`;
  return {
    cause: 'PoolPaused',
    summary: `Pool ${name} is paused ${resource?.paused === true ? `by spec.paused of its WorkerPool` : end}; workers claim no tasks from it`,
    advice: `Resume it with \`${resumeCommand(name, resource)}\`. The queue timeout keeps running during the pause.`,
    waitingFor: waits('PoolPaused', detail, until),
  };
}

export function noWorkers({ name, workers, draining, resource }: ObservedPool): Finding | undefined {
  if (workers > draining) return undefined;
  const leaving = draining === 0 ? '' : ` (${count(draining, 'worker')} ${isOrAre(draining)} shutting down)`;
  const summary = `No worker serves pool ${name}${leaving}`;
  return {
    cause: 'NoWorkers',
    summary,
    waitingFor: waits('NoWorkers', summary),
    advice:
      resource === undefined
        ? `Start one with \`genwarden worker --pool ${name}\`, or raise the replicas of its Deployment.`
        : `The operator starts workers for queued tasks if the replicas of WorkerPool ${name} allow it. Check its status with \`kubectl describe workerpool ${name} -n ${resource.namespace}\`.`,
  };
}

function queuedBehind(task: Queued, seen: Observation): Finding | undefined {
  const { lane } = task;
  const { ahead, pool } = seen;
  if (ahead === null || ahead.again + ahead.lane === 0) return undefined;
  const inLane = lane === 'again' ? ahead.again : ahead.lane;
  const requeued = lane === 'again' ? 0 : ahead.again;
  const before = [
    ...(inLane > 0 ? [`${count(inLane, 'task')} in lane ${lane}`] : []),
    ...(requeued > 0 ? [count(requeued, 'requeued task')] : []),
  ];
  const busy = pool.slots.total - pool.slots.free;
  const detail = `${before.join(' and ')} ${isOrAre(inLane + requeued)} ahead of it; ${busy} of ${count(pool.slots.total, 'slot')} of pool ${pool.name} ${isOrAre(busy)} busy`;
  const finding: Finding = {
    cause: 'QueuedBehind',
    summary: `${detail}${startsIn(task, seen)}`,
    advice: 'Add workers or slots, or submit with a higher priority.',
  };
  // With a free slot for it and for all before it, it starts in a moment.
  return inLane + requeued < pool.slots.free ? finding : { ...finding, waitingFor: waits('SlotsBusy', detail) };
}

function startsIn(task: Queued, seen: Observation): string {
  const start = expectedStart(task, seen);
  const text = start === undefined ? undefined : startText(start);
  return text === undefined ? '' : `. It starts in ${text}`;
}

function heldForMemory({ attemptsLost }: Queued, { worker, alone, memory }: ObservedHolder): Finding {
  const lost = `${count(attemptsLost, 'worker')} ${wasOrWere(attemptsLost)} lost while running it`;
  const use = memory === null ? '' : `: its attempts have taken ${mebi(memory.used)} of ${mebi(memory.limit)} MiB`;
  const summary = alone
    ? `It is next on worker ${worker}, which runs it alone once its other tasks have ended, because ${lost}`
    : `It is next on worker ${worker}, which has no memory for it at the moment${use}`;
  const advice = alone
    ? 'No action needed: another loss of its worker then harms no other task.'
    : 'No action needed: it starts as soon as other attempts have ended. To run more of such tasks at once, give the workers more memory.';
  return { cause: 'WorkerMemory', summary, advice, waitingFor: waits('WorkerMemory', summary) };
}

const mebi = (bytes: number): number => Math.round(bytes / 1_048_576);

function workersBusy(task: Queued, seen: Observation): Finding {
  const { name, slots, workers } = seen.pool;
  const detail = `It is next, but pool ${name} has no free slot (${count(slots.total, 'slot')} on ${count(workers, 'worker')})`;
  const advice = 'No action needed: it starts as soon as a slot is free.';
  const waitingFor = waits('SlotsBusy', detail);
  return { cause: 'WorkersBusy', summary: `${detail}${startsIn(task, seen)}`, advice, waitingFor };
}

function next(task: Queued, { now, pool }: Observation): Finding {
  const waited = now - task.since;
  if (waited < claimExpectedWithin) {
    return { cause: 'AboutToStart', summary: 'It is next and should start in a moment' };
  }
  return {
    cause: 'NotTaken',
    summary: `It is next and pool ${pool.name} has ${count(pool.slots.free, 'free slot')}, but no worker has claimed it for ${about(waited)}`,
    advice: "Check the workers' logs, and run `genwarden doctor` to check that a controller leads.",
  };
}

const waits = (reason: WaitReason, detail: string, until: Instant | null = null): WaitingFor => ({
  reason,
  until,
  detail,
});
