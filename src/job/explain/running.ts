// How a running task stands: its worker lives and works, or is silent, forgot it, or waits for a provider that hangs.

import type { Running } from '../task.ts';
import type { Finding, Observation, ObservedRunner } from './observation.ts';
import { about } from './words.ts';

export function whyRunning(task: Running, seen: Observation): Finding[] {
  const { runner, now, heartbeatTimeout } = seen;
  const ranFor = now - task.since;
  if (runner === null || runner.silentFor > heartbeatTimeout / 2) {
    // A claim may be seen before the next heartbeat is.
    if (runner === null && ranFor < heartbeatTimeout / 2) return [working(task, ranFor, null)];
    return [silent(task, seen)];
  }
  if (!runner.listsTask && ranFor > heartbeatTimeout) return [forgotten(task, runner)];
  // Half of its time is over. Progress says nothing here: it is the worker's estimate.
  if (ranFor >= task.dueAt - now) return [slow(task, ranFor, runner)];
  return [working(task, ranFor, runner)];
}

function silent(task: Running, { runner, heartbeatTimeout }: Observation): Finding {
  const heard =
    runner === null ? 'no heartbeat of it is known' : `its last heartbeat was ${about(runner.silentFor)} ago`;
  const { attemptsLost } = task;
  const { maxLostAttempts } = task.of.policy;
  const again = attemptsLost + 1 < maxLostAttempts ? 'the task is queued again' : 'the task fails as PoisonPill';
  return {
    cause: 'WorkerSilent',
    says:
      `Worker ${task.worker} runs it, but ${heard}; after ${about(heartbeatTimeout)} of silence it counts as lost and ` +
      `${again} (loss ${attemptsLost + 1} of at most ${maxLostAttempts})`,
    advice: `Nothing to do; if workers keep dying, look at the last log lines of ${task.worker} and at its pod.`,
  };
}

function forgotten(task: Running, runner: ObservedRunner): Finding {
  return {
    cause: 'TaskNotListed',
    says: `Worker ${task.worker} lives (last heartbeat ${about(runner.silentFor)} ago) but no longer names the task: it is queued again within seconds`,
    advice: "Report it with the worker's log: this points to a bug.",
  };
}

function slow(task: Running, ranFor: number, runner: ObservedRunner): Finding {
  return {
    cause: 'ProviderSlow',
    says: `Worker ${task.worker} lives (last heartbeat ${about(runner.silentFor)} ago) and has waited ${about(ranFor)} for the provider`,
    advice: "Look at the provider's status; raise policy.attemptTimeout if such calls take longer.",
  };
}

function working(task: Running, ranFor: number, runner: ObservedRunner | null): Finding {
  const progress = runner !== null && runner.progress > 0 ? `, about ${Math.floor(runner.progress * 100)} % done` : '';
  const heard = runner === null ? '' : ` (last heartbeat ${about(runner.silentFor)} ago)`;
  const leaving = runner?.draining === true ? '; the worker shuts down and hands back what does not end in time' : '';
  const says = `Worker ${task.worker} has run it for ${about(ranFor)}${progress}${heard}${leaving}`;
  return { cause: 'Running', says };
}
