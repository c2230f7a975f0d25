// Why a running task has not finished: its worker is busy, is silent, no longer lists it, or waits for a slow provider.

import type { Running } from '../task.ts';
import type { Finding, Observation, ObservedRunner } from './observation.ts';
import { about } from '../duration.ts';
import { phaseText } from '../attemptPhase.ts';
import { titleOf } from '../providers.ts';

export function whyRunning(task: Running, seen: Observation): Finding[] {
  const { runner, now, heartbeatTimeout } = seen;
  const ranFor = now - task.since;
  if (runner === null || runner.silentFor > heartbeatTimeout / 2) {
    // The claim may be observed before the worker's next heartbeat.
    if (runner === null && ranFor < heartbeatTimeout / 2) return [working(task, ranFor, seen, null)];
    return [silent(task, seen)];
  }
  if (!runner.listsTask && ranFor > heartbeatTimeout) return [notListed(task, runner)];
  const isOfStore = runner.phase !== null && runner.phase.phase !== 'provider';
  if (!isOfStore && isSlow(task, ranFor, seen, runner)) return [slow(task, ranFor, seen, runner)];
  return [working(task, ranFor, seen, runner)];
}

function silent(task: Running, { runner, heartbeatTimeout }: Observation): Finding {
  const lastHeartbeat =
    runner === null ? 'no heartbeat from it was received' : `its last heartbeat was ${about(runner.silentFor)} ago`;
  const { attemptsLost } = task;
  const { maxLostAttempts } = task.of.policy;
  const again = attemptsLost + 1 < maxLostAttempts ? 'the task is requeued' : 'the task fails as PoisonPill';
  return {
    cause: 'WorkerSilent',
    summary:
      `Worker ${task.worker} is running it, but ${lastHeartbeat}. After ${about(heartbeatTimeout)} of silence the worker is considered ` +
      `lost and ${again} (loss ${attemptsLost + 1} of at most ${maxLostAttempts})`,
    advice: `No action needed. If workers keep dying, check the last log lines of ${task.worker} and its pod.`,
  };
}

function notListed(task: Running, runner: ObservedRunner): Finding {
  return {
    cause: 'TaskNotListed',
    summary: `Worker ${task.worker} is alive (last heartbeat ${about(runner.silentFor)} ago) but no longer lists the task, which will be requeued within seconds`,
    advice: "Report this with the worker's log: it points to a bug.",
  };
}

/**
 * The call lasts longer than 95 % of this model's calls on this worker, or half of the attempt's time has passed. Progress does
 * not count: it is the worker's estimate.
 */
function isSlow(task: Running, ranFor: number, { now }: Observation, { usual, ...runner }: ObservedRunner): boolean {
  const waited = waitedNow(runner);
  if (usual !== null && waited !== null) return waited > usual.p95;
  return ranFor >= task.dueAt - now;
}

/** ms. The heartbeat is a little old. */
const waitedNow = ({ waited, silentFor }: Pick<ObservedRunner, 'waited' | 'silentFor'>): number | null =>
  waited === null ? null : waited + silentFor;

/** How long the provider has had the call, and what is usual. */
function callOf(provider: string, runner: ObservedRunner): string | undefined {
  const waited = waitedNow(runner);
  if (waited === null) return undefined;
  const had = `${titleOf(provider)} has had the call for ${about(waited)}`;
  const { usual } = runner;
  if (usual === null) return had;
  return `${had}; calls of this model usually take ${about(usual.p50)} (p50) to ${about(usual.p95)} (p95) on this worker`;
}

function slow(task: Running, ranFor: number, { pool }: Observation, runner: ObservedRunner): Finding {
  const lastHeartbeat = `last heartbeat ${about(runner.silentFor)} ago`;
  const call = callOf(pool.provider, runner);
  return {
    cause: 'ProviderSlow',
    summary:
      call === undefined
        ? `Worker ${task.worker} is alive (${lastHeartbeat}) and has been waiting for the provider for ${about(ranFor)}`
        : `${call}. Worker ${task.worker} is alive (${lastHeartbeat})`,
    advice: "Check the provider's status. If such calls normally take longer, raise policy.attemptTimeout.",
  };
}

function working(task: Running, ranFor: number, { pool }: Observation, runner: ObservedRunner | null): Finding {
  const lastHeartbeat = runner === null ? '' : ` (last heartbeat ${about(runner.silentFor)} ago)`;
  const leaving =
    runner?.draining === true
      ? '; the worker is shutting down and returns the task to the queue if it cannot finish in time'
      : '';
  const call = runner === null ? undefined : callOf(pool.provider, runner);
  const doing = call ?? storeText(runner);
  const having = doing === undefined ? '' : `. ${doing}`;
  const summary = `Worker ${task.worker} has been running it for ${about(ranFor)}${lastHeartbeat}${leaving}${having}`;
  return { cause: 'Running', summary };
}

/** What the worker does instead of waiting for the provider. */
function storeText(runner: ObservedRunner | null): string | undefined {
  const phase = runner?.phase ?? null;
  return phase === null || phase.phase === 'provider' ? undefined : `The worker is ${phaseText(phase)}`;
}
