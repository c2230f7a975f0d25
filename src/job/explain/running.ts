// Why a running task has not finished: its worker is busy, is silent, no longer lists it, or waits for a slow provider.

import type { Running } from '../task.ts';
import type { Finding, Observation, ObservedRunner } from './observation.ts';
import { about } from './format.ts';

export function whyRunning(task: Running, seen: Observation): Finding[] {
  const { runner, now, heartbeatTimeout } = seen;
  const ranFor = now - task.since;
  if (runner === null || runner.silentFor > heartbeatTimeout / 2) {
    // The claim may be observed before the worker's next heartbeat.
    if (runner === null && ranFor < heartbeatTimeout / 2) return [working(task, ranFor, null)];
    return [silent(task, seen)];
  }
  if (!runner.listsTask && ranFor > heartbeatTimeout) return [notListed(task, runner)];
  // Slow: half of the time has passed. Progress is only the worker's estimate, so it is ignored here.
  if (ranFor >= task.dueAt - now) return [slow(task, ranFor, runner)];
  return [working(task, ranFor, runner)];
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

function slow(task: Running, ranFor: number, runner: ObservedRunner): Finding {
  return {
    cause: 'ProviderSlow',
    summary: `Worker ${task.worker} is alive (last heartbeat ${about(runner.silentFor)} ago) and has been waiting for the provider for ${about(ranFor)}`,
    advice: "Check the provider's status. If such calls normally take longer, raise policy.attemptTimeout.",
  };
}

function working(task: Running, ranFor: number, runner: ObservedRunner | null): Finding {
  const progress = runner !== null && runner.progress > 0 ? `, about ${Math.floor(runner.progress * 100)} % done` : '';
  const lastHeartbeat = runner === null ? '' : ` (last heartbeat ${about(runner.silentFor)} ago)`;
  const leaving =
    runner?.draining === true
      ? '; the worker is shutting down and returns the task to the queue if it cannot finish in time'
      : '';
  const summary = `Worker ${task.worker} has been running it for ${about(ranFor)}${progress}${lastHeartbeat}${leaving}`;
  return { cause: 'Running', summary };
}
