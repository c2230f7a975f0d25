// Cancels a job: every open task is terminal at once, workers are told, what is done stays.

import { GenwardenError } from '../job/errors/index.ts';
import type { JobId } from '../job/ids.ts';
import { isOpen, type StatusWrite } from '../job/task.ts';
import { cancelled } from '../job/transitions.ts';
import type { Heartbeats } from '../ports/heartbeats.ts';
import type { DetailedEntry, JobRecord } from '../ports/jobLog.ts';
import { logEvent } from '../telemetry/events.ts';
import type { ApiContext } from '../api/options.ts';
import { changeTasks, recordOf, type Decide, type TaskChange } from './changeTasks.ts';
import { readJob, type ReadContext } from './readJob.ts';

/** What a cancel needs of the API; the operator has it as well. */
export type CancelContext = ReadContext &
  Pick<ApiContext, 'logger'> & { readonly heartbeats: Pick<Heartbeats, 'recall'> };

export interface CancelRequest {
  readonly tenant: string;
  readonly job: JobId;
  /** Who cancels, for people. */
  readonly by: string;
  /** `finish` lets running tasks end. */
  readonly running: 'stop' | 'finish';
}

/** The job after the cancel; throws `JobAlreadyFinished` where nothing was open and nothing had been cancelled before. */
export async function cancelJob(context: CancelContext, request: CancelRequest): Promise<JobRecord> {
  const record = await readJob(context, request.tenant, request.job);
  const decide: Decide = (last) => cancelOf(last, request, context.clock.now());
  const changes = await changeTasks(context, record, decide, (change) => tell(context, change));
  const after = recordOf(record, changes);
  if (!after.tasks.some(({ last }) => last.state.state === 'cancelled' || isOpen(last.state))) {
    throw new GenwardenError('JobAlreadyFinished', `Job ${request.job} has finished: there is nothing to cancel`);
  }
  return after;
}

function cancelOf(last: DetailedEntry, { running, by }: CancelRequest, now: number): StatusWrite | undefined {
  if (!isOpen(last.state) || (last.state.state === 'running' && running === 'finish')) return undefined;
  const { artifacts, output, usage } = last.detail;
  return {
    state: cancelled(last.state, now),
    detail: {
      message: `Cancelled by ${by}`,
      ...(artifacts === undefined ? {} : { artifacts }),
      ...(output === undefined ? {} : { output }),
      ...(usage === undefined ? {} : { usage }),
    },
  };
}

function tell({ heartbeats, logger }: CancelContext, { task, over }: TaskChange): void {
  if (over === undefined) return;
  const { state } = over;
  const { job, task: index, pool } = state.of;
  const worker = state.state === 'running' ? state.worker : undefined;
  if (worker !== undefined) {
    heartbeats.recall(worker, { job, task: index, claim: over.sequence, reason: 'Cancelled' });
  }
  const { run, attempt } = task.last.state;
  const fields = { job, task: index, pool, run, attempt, worker, reason: 'Cancelled' };
  logEvent(logger, 'generation_cancelled', fields, task.last.detail.message);
}
