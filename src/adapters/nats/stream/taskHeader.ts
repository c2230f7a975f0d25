// Writes a task's state as one line of JSON in a header, and reads it. The validation is hand-written for speed: a starting
// follower reads some hundred thousand headers a second.

import type { TaskIdentity, TaskState } from '../../../job/task.ts';

/** JSON of printable ASCII, as headers require, without nulls. */
export function writeTaskState(state: TaskState): string {
  const json = JSON.stringify(state, withoutNulls);
  return beyondAscii.test(json) ? json.replace(everyBeyondAscii, escape) : json;
}

/** The state, or what is wrong with the text, as the end of a sentence. Unknown fields are kept. */
export function parseTaskState(json: string): TaskState | string {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return json === '' ? 'it has no header Genwarden-Task' : 'its header Genwarden-Task is not JSON';
  }
  const state = value as Loose;
  const invalid = firstInvalid(state);
  if (invalid !== undefined) return `its header Genwarden-Task has no valid "${invalid}"`;
  return withNulls(state as unknown as TaskState);
}

// oxlint-disable-next-line no-control-regex -- matches DEL and everything beyond ASCII on purpose.
const beyondAscii = /[\u007f-\uffff]/;
// oxlint-disable-next-line no-control-regex -- as above.
const everyBeyondAscii = /[\u007f-\uffff]/g;
const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

const withoutNulls = (_key: string, value: unknown): unknown => (value === null ? undefined : value);

type Loose = Record<string, unknown> | null;

function firstInvalid(state: Loose): string | undefined {
  if (typeof state !== 'object' || state === null) return 'object';
  const of = state['of'] as Loose;
  const budgets = state['budgets'] as Loose;
  if (typeof of !== 'object' || of === null) return 'of';
  if (typeof budgets !== 'object' || budgets === null) return 'budgets';
  return (
    missing(of, 'string', 'job', 'tenant', 'pool', 'kind', 'model', 'priority') ??
    missing(of, 'number', 'task', 'total', 'submittedAt', 'expiresAt') ??
    missing(of, 'object', 'labels', 'policy') ??
    missing(budgets, 'number', 'queue', 'run', 'review') ??
    missing(state, 'number', 'run', 'attempt', 'attemptsLost', 'since', 'queuedAt') ??
    (typeof state['reason'] === 'string' ? undefined : 'reason') ??
    invalidByState(state)
  );
}

/** Fields that only some states have. Without `dueAt` an open task could be stuck forever. */
function invalidByState(state: Record<string, unknown>): string | undefined {
  switch (state['state']) {
    case 'queued':
      return missing(state, 'number', 'dueAt') ?? missing(state, 'string', 'lane');
    case 'running':
      return missing(state, 'number', 'dueAt', 'beat', 'startedAt') ?? missing(state, 'string', 'worker');
    case 'waiting':
      return missing(state, 'number', 'dueAt') ?? (isHeld(state) ? undefined : missing(state, 'number', 'retryAt'));
    case 'needs_review':
      return missing(state, 'number', 'dueAt') ?? missing(state, 'string', 'worker');
    case 'succeeded':
      return missing(state, 'number', 'finishedAt') ?? missing(state, 'string', 'worker');
    case 'failed':
    case 'cancelled':
    case 'deleted':
      return missing(state, 'number', 'finishedAt');
    default:
      return 'state';
  }
}

/** Waits for other tasks, and not for a time. */
const isHeld = ({ reason, retryAt }: Record<string, unknown>): boolean =>
  reason === 'AwaitingTasks' && retryAt === undefined;

function missing(of: Record<string, unknown>, type: string, ...names: string[]): string | undefined {
  for (const name of names) if (typeof of[name] !== type) return name;
  return undefined;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Restores the omitted nulls in place: nothing else refers to the value, which was just parsed. */
function withNulls(state: TaskState): TaskState {
  const whole = state as Writable<TaskState>;
  const of = whole.of as Writable<TaskIdentity>;
  of.name ??= null;
  of.deadline ??= null;
  of.owner ??= null;
  whole.startedAt ??= null;
  if (whole.state === 'waiting') whole.retryAt ??= null;
  if (whole.state === 'failed' || whole.state === 'cancelled') whole.worker ??= null;
  return state;
}
