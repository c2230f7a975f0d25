// A task's state as one line of JSON in a header, and back. The check on the way in is by hand: a follower reads some
// hundred thousand of these a second when it starts.

import type { TaskIdentity, TaskState } from '../../../job/task.ts';

/** JSON of printable ASCII, as headers want it, without nulls. */
export function writeTaskState(state: TaskState): string {
  const json = JSON.stringify(state, withoutNulls);
  return beyondAscii.test(json) ? json.replace(everyBeyondAscii, escape) : json;
}

/** The state, or what is wrong with the text, as the end of a sentence. Fields that are not known are left in place. */
export function parseTaskState(json: string): TaskState | string {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return json === '' ? 'it has no header Genwarden-Task' : 'its header Genwarden-Task is not JSON';
  }
  const state = value as Loose;
  const wrong = firstWrong(state);
  if (wrong !== undefined) return `its header Genwarden-Task has no proper "${wrong}"`;
  return withNulls(state as unknown as TaskState);
}

// oxlint-disable-next-line no-control-regex -- DEL and everything after ASCII, and nothing else, is what is meant.
const beyondAscii = /[\u007f-\uffff]/;
// oxlint-disable-next-line no-control-regex -- as above.
const everyBeyondAscii = /[\u007f-\uffff]/g;
const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

const withoutNulls = (_key: string, value: unknown): unknown => (value === null ? undefined : value);

type Loose = Record<string, unknown> | null;

function firstWrong(state: Loose): string | undefined {
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
    wrongByState(state)
  );
}

/** What only some states carry; without `dueAt` an open task could be stuck for ever. */
function wrongByState(state: Record<string, unknown>): string | undefined {
  switch (state['state']) {
    case 'queued':
      return missing(state, 'number', 'dueAt') ?? missing(state, 'string', 'lane');
    case 'running':
      return missing(state, 'number', 'dueAt', 'beat', 'startedAt') ?? missing(state, 'string', 'worker');
    case 'waiting':
      return missing(state, 'number', 'dueAt', 'retryAt');
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

function missing(of: Record<string, unknown>, type: string, ...names: string[]): string | undefined {
  for (const name of names) if (typeof of[name] !== type) return name;
  return undefined;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Puts back the nulls that were left out, in place: the value was parsed a moment ago and is nobody else's. */
function withNulls(state: TaskState): TaskState {
  const whole = state as Writable<TaskState>;
  const of = whole.of as Writable<TaskIdentity>;
  of.name ??= null;
  of.deadline ??= null;
  of.owner ??= null;
  whole.startedAt ??= null;
  if (whole.state === 'failed' || whole.state === 'cancelled') whole.worker ??= null;
  return state;
}
