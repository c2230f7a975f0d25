// The state of the modelled installation. Values are immutable.
import type { Claim, WrittenEnding } from '../../src/worker/pipeline.ts';
import type { Instant, Queued, Sequence, TaskState } from '../../src/job/task.ts';
import { lifetime } from '../../src/job/budgets.ts';
import { latestStarts } from '../../src/job/chains/order.ts';
import { submitted, submittedHeld } from '../../src/job/transitions.ts';
import type { LogEntry } from '../../src/ports/jobLog.ts';
import { aRequest, identity } from '../fakes/tasks.ts';
import type { Scenario } from './scenario.ts';
import { tick } from './tick.ts';

export interface ModelState {
  readonly now: Instant;
  readonly tasks: readonly TaskLog[];
  readonly workers: readonly WorkerState[];
  readonly controllers: readonly ControllerState[];
  readonly call: ApiCall | undefined;
  /** By number of the target: whether its provider is out. */
  readonly out: readonly boolean[];
  /** Writes that their sender has given up on, but which may still land. */
  readonly ghosts: readonly Write[];
  readonly left: Left;
  /** How many workers were started: each has a new name. */
  readonly started: number;
}

/** How often the scenario lets these happen from here on. */
export interface Left {
  readonly faults: number;
  readonly cancels: number;
  readonly retries: number;
  readonly reviews: number;
  readonly outages: number;
}

/** A task's log, represented by its last message, and its specs that have not been acknowledged. */
export interface TaskLog {
  readonly last: LogEntry;
  readonly queue: readonly QueueMessage[];
}

export interface QueueMessage {
  readonly spec: SpecEntry;
  /** The queue will never deliver it again, although it was not acknowledged. */
  readonly lost: boolean;
}

export interface SpecEntry extends LogEntry {
  readonly state: Queued;
}

/** A conditional write without an answer so far. */
export interface Write {
  readonly task: number;
  readonly by: string;
  readonly state: TaskState;
  readonly expected: Sequence;
  /** Where it was stored already, although its sender does not know; 0 while it was not. */
  readonly landed: Sequence;
  /** Time passes while it is in flight. */
  readonly slow: boolean;
  /** The run of the attempt that made this late result; 0 for any other write. */
  readonly adoptsFor: number;
}

export interface WorkerState {
  readonly name: string;
  /** Frozen, blocked or disconnected: its heartbeats do not arrive. */
  readonly silent: boolean;
  readonly held: readonly Held[];
}

/** One task in a slot, from its delivery to the answer of its final write. */
export type Held =
  | { readonly phase: 'claiming'; readonly task: number; readonly spec: SpecEntry; readonly write: Write }
  | { readonly phase: 'running'; readonly task: number; readonly claim: Claim }
  | {
      readonly phase: 'reporting';
      readonly task: number;
      readonly claim: Claim;
      readonly ending: WrittenEnding;
      readonly write: Write;
    };

/** By task: the controller's view, however old, and its write in flight. */
export interface ControllerState {
  readonly views: readonly (LogEntry | undefined)[];
  readonly writes: readonly (Write | undefined)[];
}

/** A request that the API is processing: what it read, and then what it writes. */
export interface ApiCall {
  readonly asks: Asks;
  readonly task: number;
  /** The run that the person saw: a review applies to this run only. */
  readonly run: number;
  readonly seen: LogEntry;
  readonly write: Write | undefined;
  /** For the retry of a task that waits for others: when those have ended. */
  readonly due?: Instant | undefined;
  /** The tasks that the same retry starts after this one. */
  readonly rest?: readonly Planned[];
}

export interface Planned {
  readonly task: number;
  readonly due: Instant | undefined;
}

/** The same request, for its next task. */
export function nextCall(call: ApiCall, tasks: readonly TaskLog[]): ApiCall | undefined {
  const [next, ...rest] = call.rest ?? [];
  if (next === undefined) return undefined;
  const seen = tasks[next.task]!.last;
  return { ...call, ...next, rest, run: seen.state.run, seen, write: undefined };
}

export type Asks = 'cancel' | 'retry' | 'approve' | 'reject' | 'tweak';

export const request = aRequest;

export const entryOf = (sequence: Sequence, state: TaskState): LogEntry => ({
  sequence,
  at: state.since,
  writeId: `write-${sequence}`,
  state,
});

/** A write that its sender has just sent. */
export const sent = (write: Pick<Write, 'task' | 'by' | 'state' | 'expected'>, adoptsFor = 0): Write => ({
  ...write,
  landed: 0,
  slow: false,
  adoptsFor,
});

export const isSpec = (entry: LogEntry): entry is SpecEntry => entry.state.state === 'queued';

/** One job, just submitted; all workers are idle, and no controller has observed anything yet. */
export function initialState(scenario: Scenario): ModelState {
  const { tasks, workers, controllers, policy, deadline, faults, cancels, retries, reviews, outages } = scenario;
  const now = 1_000_000 * tick;
  const job = 'model'.padStart(26, '0');
  const due = deadline === null ? null : now + deadline * tick;
  const { after = Array.from({ length: tasks }, () => []) } = scenario;
  const runs = after.map((own, task) => ({ task, after: own, lifetime: lifetime(policy) }));
  const starts = latestStarts(runs, now);
  const logs = Array.from({ length: tasks }, (_, task): TaskLog => {
    const asked = identity({ job, task, total: tasks, policy, submittedAt: now, deadline: due });
    const { fallback = [] } = policy;
    const own = fallback.length === 0 ? asked : { ...asked, policy: { ...asked.policy, fallback } };
    if (after[task]!.length === 0) {
      const last = entryOf(1, submitted(own)) as SpecEntry;
      return { last, queue: [{ spec: last, lost: false }] };
    }
    return { last: entryOf(1, submittedHeld({ ...own, after: after[task]! }, starts.get(task)!)), queue: [] };
  });
  return {
    now,
    tasks: logs,
    workers: Array.from({ length: workers }, (_, index) => freshWorker(index)),
    controllers: Array.from({ length: controllers }, () => freshController(tasks)),
    call: undefined,
    out: [false, ...(policy.fallback ?? []).map(() => false)],
    ghosts: [],
    left: { faults, cancels, retries, reviews, outages },
    started: workers,
  };
}

export const freshWorker = (index: number): WorkerState => ({ name: `worker-${index + 1}`, silent: false, held: [] });

export const freshController = (tasks: number): ControllerState => ({
  views: Array.from({ length: tasks }, () => undefined),
  writes: Array.from({ length: tasks }, () => undefined),
});

export const at = <T>(items: readonly T[], index: number, item: T): readonly T[] => items.with(index, item);
