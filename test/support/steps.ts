// The transitions of a task as tests write them into a log.

import type { Queued, Running, SpecWrite, StatusWrite, TaskWrite } from '../../src/job/task.ts';
import { claimed, requeued, succeeded } from '../../src/job/transitions.ts';
import type { JobLog, LogEntry, SubmitOutcome } from '../../src/ports/jobLog.ts';
import { aJob, aRequest, start } from '../fakes/tasks.ts';

export const jobOf = (specs: readonly SpecWrite[]): string => specs[0]!.state.of.job;

/** A job of one task; its spec's entry. */
export async function submitOne(log: JobLog): Promise<LogEntry> {
  return stored(await log.submit(aJob(1)))[0]!;
}

/** The entries of a submit that must have stored something. */
export function stored(outcome: SubmitOutcome): readonly LogEntry[] {
  if (outcome.outcome !== 'stored') throw new Error(`the submit was answered ${JSON.stringify(outcome)}`);
  return outcome.entries;
}

/** Writes, and throws where the write is refused. */
export async function write(log: JobLog, next: TaskWrite, expected: number): Promise<LogEntry> {
  const outcome = await log.write(next, expected);
  if (outcome.outcome === 'refused') throw new Error(`refused: ${JSON.stringify(outcome.last)}`);
  return outcome.entry;
}

export const status = (state: StatusWrite['state']): StatusWrite => ({ state, detail: { message: state.reason } });

export const claim = ({ state }: LogEntry, worker = 'worker'): StatusWrite =>
  status(claimed(state as Queued, worker, 1, start));

export const success = ({ state }: LogEntry): StatusWrite => status(succeeded(state as Running, start));

export function requeue({ state }: LogEntry, cost: 'counts' | 'lost'): SpecWrite {
  const next = requeued(state as Running, cost === 'lost' ? 'WorkerLost' : 'RetryDue', cost, start);
  return { state: next, detail: { message: 'Queued again', request: aRequest } };
}
