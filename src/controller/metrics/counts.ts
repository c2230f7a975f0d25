// What a message of the stream adds to the counters and histograms of the leading controller.

import { taskDuration } from '../../job/taskDuration.ts';
import type { TaskState, TerminalTask } from '../../job/task.ts';
import { sampledTraceIdOf } from '../../job/trace.ts';
import { violatedBy, type Invariant } from '../invariants.ts';
import type { Recovered } from '../recoveryTimes.ts';

type Labels = Readonly<Record<string, string>>;

/** One increment of a counter, or one observation of a histogram. */
export type Count =
  | { readonly to: 'tasksFinished' | 'invariantViolations' | 'providerOutages'; readonly labels: Labels }
  | {
      readonly to: 'taskDuration' | 'taskQueueDuration' | 'recoveryDuration';
      readonly labels: Labels;
      /** Seconds. */
      readonly value: number;
      readonly traceId?: string | undefined;
    };

/** What only a process that saw the task's previous message knows about a message. */
export interface Note {
  /** How long the task was queued before this claim, ms. */
  readonly queuedFor?: number | undefined;
  readonly recovered?: Recovered | undefined;
  readonly violated: readonly Invariant[];
}

/** Every terminal message ends its task once: another one follows only a new run. */
export function countsOf(state: TaskState, { queuedFor, recovered, violated }: Note): Count[] {
  const counts: Count[] = violated.map((invariant) => ({ to: 'invariantViolations', labels: { invariant } }));
  if (queuedFor !== undefined)
    counts.push({ to: 'taskQueueDuration', labels: { pool: state.of.pool }, value: seconds(queuedFor) });
  if (recovered !== undefined)
    counts.push({ to: 'recoveryDuration', labels: { rule: recovered.rule }, value: seconds(recovered.took) });
  if (state.state === 'succeeded' || state.state === 'failed' || state.state === 'cancelled')
    counts.push(...finished(state));
  return counts;
}

/** `before` is the message that `after` was written against, if this process has seen it. */
export function noteOf(
  before: TaskState | undefined,
  after: TaskState,
  recovered: Recovered | undefined,
): Note | undefined {
  const violated = violatedBy({
    before: before === undefined ? undefined : { state: before },
    after: { state: after },
  });
  const isClaim = before?.state === 'queued' && after.state === 'running';
  if (!isClaim && recovered === undefined && violated.length === 0) return undefined;
  return { queuedFor: isClaim ? after.since - before.since : undefined, recovered, violated };
}

function finished(state: TerminalTask): Count[] {
  const { pool, kind } = state.of;
  const outcome = state.state;
  const value = seconds(taskDuration(state));
  return [
    { to: 'tasksFinished', labels: { pool, kind, outcome, reason: state.reason } },
    { to: 'taskDuration', labels: { pool, kind, outcome }, value, traceId: sampledTraceIdOf(state.of) },
  ];
}

const seconds = (ms: number): number => ms / 1_000;
