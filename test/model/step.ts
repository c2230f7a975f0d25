// One move of the model, and every possible fate of a write in flight, the same for every sender.
import type { LogEntry } from '../../src/ports/jobLog.ts';
import type { Engine } from './engine.ts';
import { at, entryOf, isSpec, type ModelState, type TaskLog, type Write } from './state.ts';

/** `fault`: something goes wrong; `person`: a person's request; `calm`: everything else. */
export type Cause = 'calm' | 'fault' | 'person';

export interface Step {
  readonly kind: string;
  readonly cause: Cause;
  /** One line for a person. */
  readonly text: () => string;
  readonly next: ModelState;
  readonly appended?: Appended;
}

/** A message that the stream accepted. */
export interface Appended {
  readonly write: Write;
  readonly before: LogEntry;
  readonly after: LogEntry;
}

export interface Landing {
  readonly next: ModelState;
  readonly appended: Appended | undefined;
}

/** The write reaches the stream: it is appended, or refused. */
export function land(state: ModelState, write: Write, engine: Engine): Landing {
  const log = state.tasks[write.task]!;
  if (!engine.takes(write, log.last)) return { next: state, appended: undefined };
  const after = entryOf(log.last.sequence + 1, write.state);
  const queue = isSpec(after) ? [...log.queue, { spec: after, lost: false }] : log.queue;
  return {
    next: withLog(state, write.task, { last: after, queue }),
    appended: { write, before: log.last, after },
  };
}

export const withLog = (state: ModelState, task: number, log: TaskLog): ModelState => ({
  ...state,
  tasks: at(state.tasks, task, log),
});

export const withFault = (state: ModelState): ModelState => ({
  ...state,
  left: { ...state.left, faults: state.left.faults - 1 },
});

/** The spec is acknowledged. */
export function acknowledged(state: ModelState, task: number, spec: LogEntry): ModelState {
  const log = state.tasks[task]!;
  const queue = log.queue.filter((message) => message.spec.sequence !== spec.sequence);
  return withLog(state, task, { ...log, queue });
}

/** The sender of a write, and how it reacts to each fate of the write. */
export interface Sender {
  readonly who: string;
  readonly write: Write;
  readonly written: (state: ModelState, entry: LogEntry) => ModelState;
  readonly refused: (state: ModelState, last: LogEntry) => ModelState;
  /** It was stored or is slow, and the sender still waits for the answer. */
  readonly waits: (state: ModelState, write: Write) => ModelState;
  /** No answer came: the sender continues without it. */
  readonly unanswered: (state: ModelState) => ModelState;
}

/** Every fate of a write in flight. */
export function fatesOf(state: ModelState, sender: Sender, engine: Engine): Step[] {
  const { who, write } = sender;
  const description = (): string => `${who}'s write of ${nameOf(write)} over #${write.expected}`;
  const steps = [answered(state, sender, engine, description)];
  if (state.left.faults === 0) return steps;
  if (write.landed === 0 && steps[0]!.appended !== undefined) {
    const { next, appended } = land(withFault(state), write, engine);
    steps.push({
      kind: 'answer delayed',
      cause: 'fault',
      text: () => `${description()} is stored, the answer is in flight`,
      next: sender.waits(next, { ...write, landed: appended!.after.sequence }),
      appended: appended!,
    });
  }
  if (write.landed === 0 && !write.slow && steps[0]!.appended !== undefined) {
    steps.push({
      kind: 'write delayed',
      cause: 'fault',
      text: () => `${description()} is slow`,
      next: sender.waits(withFault(state), { ...write, slow: true }),
    });
  }
  steps.push({
    kind: 'answer lost',
    cause: 'fault',
    text: () => `${description()} is not answered`,
    next: sender.unanswered(withGhost(withFault(state), write)),
  });
  return steps;
}

function answered(state: ModelState, sender: Sender, engine: Engine, description: () => string): Step {
  const { write } = sender;
  const { last } = state.tasks[write.task]!;
  const own = write.landed !== 0 && write.landed === last.sequence;
  const { next, appended } = write.landed === 0 ? land(state, write, engine) : { next: state, appended: undefined };
  if (appended !== undefined || own) {
    const entry = appended?.after ?? last;
    return {
      kind: 'write stored',
      cause: 'calm',
      text: () => `${description()} is stored as #${entry.sequence}`,
      next: sender.written(next, entry),
      ...(appended === undefined ? {} : { appended }),
    };
  }
  return {
    kind: 'write refused',
    cause: 'calm',
    text: () => `${description()} is refused: the last is #${last.sequence} ${nameOf(last)}`,
    next: sender.refused(state, last),
  };
}

/** The sender forgets the write, which may land later; at most one such write is remembered. */
export function withGhost(state: ModelState, write: Write): ModelState {
  if (write.landed !== 0 || state.ghosts.length > 0) return state;
  return { ...state, ghosts: [write] };
}

export const nameOf = ({ state }: { readonly state: LogEntry['state'] }): string =>
  `${state.state}${state.reason === 'Claimed' || state.reason === 'Succeeded' ? '' : ` (${state.reason})`}`;
