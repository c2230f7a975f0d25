// The JSON of a job: complete, from its record, or as a list item, from the states of its tasks.

import { countStates, jobState, jobTimes, progressFraction } from '../../job/jobState.ts';
import type { JsonValue } from '../../job/task.ts';
import { taskVersions, type TaskVersion } from '../../jobs/list.ts';
import type { JobRecord, TaskRecord } from '../../ports/jobLog.ts';
import type { WorkerDirectory } from '../../readmodel/workerDirectory.ts';
import type { JobView, ListedJobView } from './schemas.ts';
import { isoTime, isoTimeOrNull, taskProgress, taskView } from './taskView.ts';

/** `only` selects the tasks to include. */
export function jobView(
  record: JobRecord,
  workers: Pick<WorkerDirectory, 'progress'>,
  only: ((task: TaskRecord) => boolean) | 'none' = () => true,
): JobView {
  const metadata: JsonValue = record.tasks[0]!.request.jobMetadata;
  const view: JobView = { ...listedJobView(taskVersions(record), workers), metadata };
  if (only !== 'none') view.tasks = record.tasks.filter(only).map((task) => taskView(task, workers));
  return view;
}

/** `tasks` are all tasks of the job, by index. */
export function listedJobView(
  tasks: readonly TaskVersion[],
  workers: Pick<WorkerDirectory, 'progress'>,
): ListedJobView {
  const states = tasks.map(({ state }) => state);
  const { job, tenant, kind, pool, model, priority, labels, total } = states[0]!.of;
  const counts = countStates(states);
  const times = jobTimes(states);
  const running = (task: number): number => taskProgress(tasks[task]!.state, tasks[task]!.sequence, workers);
  return {
    id: job,
    tenant,
    kind,
    pool,
    model,
    priority,
    state: jobState(counts),
    submittedAt: isoTime(times.submittedAt),
    startedAt: isoTimeOrNull(times.startedAt),
    finishedAt: isoTimeOrNull(times.finishedAt),
    deadlineAt: isoTime(times.deadlineAt),
    expiresAt: isoTime(times.expiresAt),
    progress: { total, ...counts, fraction: Number(progressFraction(states, running).toFixed(4)) },
    labels: { ...labels },
  };
}
