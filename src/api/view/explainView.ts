// The JSON of explanations: their sentences, and the facts behind them.

import { explain } from '../../job/explain/index.ts';
import { expectedStart } from '../../job/explain/start.ts';
import { tasksBefore } from '../../job/queueEstimate.ts';
import type { Observation, ObservedPool } from '../../job/explain/observation.ts';
import { countStates, jobState, jobTimes } from '../../job/jobState.ts';
import type { TaskObservation } from '../../jobs/explain.ts';
import type { WebhookStatus } from '../../jobs/webhooks.ts';
import { servingPool } from '../../job/target.ts';
import { isOpen, type Sequence } from '../../job/task.ts';
import type { ExplainedJobView, ExplainedTaskView, ObservedPoolView } from './explainSchemas.ts';
import { isoTime } from '../../job/time.ts';
import { errorView, isoTimeOrNull, shownState } from './taskView.ts';
import { traceView } from './traceView.ts';
import { webhookStatusView } from './webhookView.ts';

export function explainedTaskView(seen: Observation, sequence: Sequence): ExplainedTaskView {
  const { task, now } = seen;
  const { cause, summary, details, advice, next, budgetsLeft } = explain(seen);
  return {
    job: task.of.job,
    task: task.of.task,
    name: task.of.name,
    pool: servingPool(task),
    state: shownState(task),
    reason: task.reason,
    run: task.run,
    attempt: task.attempt,
    sequence,
    since: isoTime(task.since),
    sinceMs: Math.max(0, now - task.since),
    cause,
    summary,
    details: [...details],
    advice: [...advice],
    dueAt: isOpen(task) ? isoTime(task.dueAt) : null,
    retryAt: task.state === 'waiting' && task.retryAt !== null ? isoTime(task.retryAt) : null,
    next: next.map(({ at, rule, says }) => ({ at: isoTime(at), rule, says })),
    budgetsLeft: budgetsLeft === null ? null : { ...budgetsLeft },
    queue: queueView(seen),
    worker: workerView(seen),
    error: errorView(seen.error ?? undefined),
  };
}

function queueView(seen: Observation): ExplainedTaskView['queue'] {
  const { task, ahead } = seen;
  if (task.state !== 'queued' || ahead === null) return null;
  const own = task.lane === 'again' ? ahead.again : ahead.lane;
  const start = expectedStart(task, seen);
  return {
    lane: task.lane,
    ahead: own,
    aheadRequeued: task.lane === 'again' ? 0 : ahead.again,
    before: tasksBefore(task.lane, ahead, seen.pool.lanes),
    startsInMs: start === undefined ? null : Math.round(start.wait),
  };
}

function workerView({ task, runner }: Observation): ExplainedTaskView['worker'] {
  if (task.state !== 'running') return null;
  const { worker: name } = task;
  if (runner === null) return { name, lastBeatMsAgo: null, draining: false, progress: 0 };
  return { name, lastBeatMsAgo: Math.round(runner.silentFor), draining: runner.draining, progress: runner.progress };
}

export function observedPoolView({ name, paused, keys, lastClaimAt, ...rest }: ObservedPool): ObservedPoolView {
  const { lanes, workers, draining, slots } = rest;
  return {
    name,
    lanes: { ...lanes },
    workers,
    draining,
    slots: { total: slots.total, free: slots.free },
    keys:
      keys?.map(({ fingerprint, state, until, cause }) => ({
        fingerprint,
        state,
        until: isoTimeOrNull(until),
        cause,
      })) ?? null,
    paused: paused !== null,
    pausedUntil: isoTimeOrNull(paused?.until ?? null),
    lastClaimAt: isoTimeOrNull(lastClaimAt),
  };
}

/** `seen` holds all tasks of the job; the view lists open ones first, then failed ones. */
export function explainedJobView(
  seen: readonly TaskObservation[],
  webhook: WebhookStatus | undefined,
  traceUrl?: string,
): ExplainedJobView {
  const states = seen.map(({ observation }) => observation.task);
  const state = jobState(countStates(states));
  const tasks = seen.map(({ observation, sequence }) => explainedTaskView(observation, sequence));
  const rank = ({ state: one }: ExplainedTaskView): number =>
    one === state ? 0 : ['succeeded', 'cancelled'].includes(one) ? 2 : 1;
  const ordered = tasks.toSorted((a, b) => rank(a) - rank(b) || a.task - b.task);
  return {
    id: states[0]!.of.job,
    state,
    summary: summaryOf(ordered, state),
    deadlineAt: isoTime(jobTimes(states).deadlineAt),
    pool: observedPoolView(seen[0]!.observation.pool),
    webhook: webhook === undefined ? null : webhookStatusView(webhook),
    tasks: ordered,
    ...traceView(states[0]!.of, traceUrl),
  };
}

/** The summary of the first task, and how many tasks share its state. */
function summaryOf(tasks: readonly ExplainedTaskView[], state: string): string {
  const [first] = tasks;
  if (tasks.length === 1) return first!.summary;
  const inState = tasks.filter((task) => task.state === state).length;
  return `${inState} of ${tasks.length} tasks ${inState === 1 ? 'is' : 'are'} ${state}. Task ${first!.task}: ${first!.summary}`;
}
