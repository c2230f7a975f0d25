// The JSON of a job: complete, from its record, or as a list item, from the states of its tasks.

import { awaitsReview, countStates, failureReason, jobState, jobTimes, progressFraction } from '../../job/jobState.ts';
import { roundCost } from '../../job/money.ts';
import { shownStart } from '../../job/promptStart.ts';
import type { JsonValue, Spent, TaskState } from '../../job/task.ts';
import { isoTime } from '../../job/time.ts';
import { taskVersions, type TaskVersion } from '../../jobs/list.ts';
import type { JobRecord, TaskRecord } from '../../ports/jobLog.ts';
import { artifactPath } from '../../jobs/links.ts';
import { jobWaitsFor } from '../../jobs/waitObserver.ts';
import type { JobView, ListedJobView, SpentView } from './schemas.ts';
import { asPath, isoTimeOrNull, spentView, taskProgress, taskView, waitingForView, type Live } from './taskView.ts';
import { traceView } from './traceView.ts';
import { shownUrl } from './webhookView.ts';

/** `only` selects the tasks to include. */
export function jobView(
  record: JobRecord,
  live: Live,
  only: ((task: TaskRecord) => boolean) | 'none' = () => true,
): JobView {
  const metadata: JsonValue = record.tasks[0]!.request.jobMetadata;
  const view: JobView = { ...listedJobView(taskVersions(record), live), metadata, webhook: webhookOf(record) };
  if (only !== 'none') view.tasks = record.tasks.filter(only).map((task) => taskView(task, live));
  return view;
}

function webhookOf({ tasks: [first] }: JobRecord): JobView['webhook'] {
  const { webhook } = first!.request;
  if (webhook === undefined) return null;
  return { url: shownUrl(webhook.url), events: [...(first!.last.state.of.webhook ?? [])] };
}

/** `tasks` are all tasks of the job, by index. */
export function listedJobView(
  tasks: readonly TaskVersion[],
  { workers, waits, address, traceUrl }: Live,
): ListedJobView {
  const states = tasks.map(({ state }) => state);
  const { job, tenant, pool, priority, group = null, labels, total, promptStart, ...first } = states[0]!.of;
  const { kind, model, jobKind = kind, jobModel = model } = first;
  const counts = countStates(states);
  const times = jobTimes(states);
  const running = (task: number): number => taskProgress(tasks[task]!.state, tasks[task]!.sequence, workers);
  return {
    id: job,
    tenant,
    kind: jobKind,
    pool,
    model: jobModel,
    priority,
    group,
    state: jobState(counts),
    submittedAt: isoTime(times.submittedAt),
    startedAt: isoTimeOrNull(times.startedAt),
    finishedAt: isoTimeOrNull(times.finishedAt),
    deadlineAt: isoTime(times.deadlineAt),
    expiresAt: isoTime(times.expiresAt),
    progress: { total, ...counts, fraction: Number(progressFraction(states, running).toFixed(4)) },
    waitingFor: waitingForView(jobWaitsFor(tasks, waits)),
    awaitsReview: awaitsReview(states),
    failureReason: failureReason(states) ?? null,
    usage: totalSpent(states),
    labels: { ...labels },
    prompt: promptStart === undefined ? null : shownStart(promptStart),
    thumbnails: thumbnailsOf(states, address),
    ...traceView(states[0]!.of, traceUrl),
  };
}

const mostThumbnails = 5;

/** By the states alone: whether an image was too large for a thumbnail is in the details. */
function thumbnailsOf(states: readonly TaskState[], address: Live['address'] = asPath): ListedJobView['thumbnails'] {
  const shown: ListedJobView['thumbnails'] = [];
  for (const state of states) {
    if (shown.length === mostThumbnails) break;
    if (state.of.kind !== 'image' || (state.state !== 'succeeded' && state.state !== 'needs_review')) continue;
    shown.push({ task: state.of.task, href: address(artifactPath(state, 'thumbnail')) });
  }
  return shown;
}

function totalSpent(states: readonly TaskState[]): SpentView | null {
  const all = states.flatMap(({ spent }) => spent ?? []);
  if (all.length === 0) return null;
  const sum = (of: (spent: Spent) => number): number => all.reduce((total, spent) => total + of(spent), 0);
  const costs = all.flatMap(({ cost }) => cost ?? []);
  return spentView({
    calls: sum(({ calls }) => calls),
    inputTokens: sum(({ inputTokens }) => inputTokens),
    outputTokens: sum(({ outputTokens }) => outputTokens),
    ...(costs.length === 0 ? {} : { cost: roundCost(costs.reduce((total, cost) => total + cost, 0)) }),
  });
}
