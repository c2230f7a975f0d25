// Why a queued job of a resource does not start, if that takes longer than a moment: for its status, and as events at its submit.

import { waitingFor } from '../../job/explain/waitingFor.ts';
import type { WaitReason } from '../../job/explain/observation.ts';
import type { Warning } from '../../job/explain/warnings.ts';
import { isOpen } from '../../job/task.ts';
import { taskVersions, type TaskVersion } from '../../jobs/list.ts';
import { submitWarnings } from '../../jobs/submit/warnings.ts';
import type { WaitObserver } from '../../jobs/waitObserver.ts';
import type { JobRecord } from '../../ports/jobLog.ts';
import type { OperatorContext } from '../context.ts';

export interface WaitContext extends Pick<OperatorContext, 'follower' | 'pools'> {
  readonly waits: Pick<WaitObserver, 'of' | 'observed' | 'queuesOf'>;
}

/**
 * What a person may have to change. Each change of a message is one more write for each queued job, so places in the queue are not
 * told, nor missing workers: the operator may be about to start some, and the status of the WorkerPool tells about them.
 */
const told: ReadonlySet<WaitReason> = new Set([
  'NoKeys',
  'KeysRefused',
  'ProviderOutage',
  'QuotaExhausted',
  'BudgetExhausted',
  'PoolPaused',
  'StorageFull',
]);

/** One sentence; undefined if the job has started, or waits for nothing that a person may have to change. Never rejects. */
export async function whyQueued({ waits }: WaitContext, tasks: readonly TaskVersion[]): Promise<string | undefined> {
  const open = tasks.filter(({ state }) => isOpen(state));
  const first = open.find(({ state }) => state.state === 'queued');
  if (first === undefined || open.some(({ state }) => state.state === 'running')) return undefined;
  await waits.of([first]);
  const seen = await waits.observed(first);
  const wait = seen === undefined ? null : waitingFor(seen);
  if (wait === null || !told.has(wait.reason)) return undefined;
  // The time of the next probe or check changes all the time.
  return wait.detail.replace(/; next \w+ \S+$/, '');
}

/** Of a job that was just submitted. Never rejects. */
export async function warningsOfNew(context: WaitContext, record: JobRecord): Promise<readonly Warning[]> {
  await context.waits.of(taskVersions(record));
  return (await submitWarnings(context, record, true)).filter(({ code }) => code !== 'NoWorkers');
}
