// What full storage means for a task: the first thing to say about every task that it holds up.

import { about } from '../duration.ts';
import { overdueSince } from '../rules/timing.ts';
import { holdsUp, storageAdvice, storageReturn, storageSubject, storageTitle } from '../storage.ts';
import { isOpen, type OpenTask } from '../task.ts';
import { clockTime } from './format.ts';
import type { Finding, Observation } from './observation.ts';

/** Undefined if the task does not wait for room. */
export function heldByStorage({ task, storage, runner, now }: Observation): Finding | undefined {
  if (storage === undefined || storage === null || !isOpen(task) || !holdsUp(storage, task.of.kind)) return undefined;
  // A review does not need the storage until it is decided. An attempt needs the artifact store once the provider has answered.
  if (task.state === 'needs_review') return undefined;
  if (task.state !== 'queued' && storage.refuses === 'artifacts' && !isStoring(task, runner)) return undefined;
  const since = overdueSince(task, now);
  const late = since === undefined ? '' : `. It should have changed ${about(now - since)} ago`;
  const detail = `${storageSubject(storage)} since ${clockTime(storage.since)}: ${storageTitle(storage)} (${storage.words}); ${effects[task.state]} as soon as ${storageReturn(storage)}`;
  return {
    cause: 'StorageFull',
    summary: `${detail}${late}`,
    advice: storageAdvice(storage),
    waitingFor: { reason: 'StorageFull', until: null, detail },
  };
}

const effects: Readonly<Record<Exclude<OpenTask['state'], 'needs_review'>, string>> = {
  queued: 'workers start it',
  running: 'its worker keeps what it has and stores it',
  waiting: 'the controller requeues it',
};

/** The provider has answered. */
const isStoring = (task: OpenTask, runner: Observation['runner']): boolean =>
  task.state === 'running' && runner?.phase?.phase === 'result';
