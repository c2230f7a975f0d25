// The operations of clients on one job of one task and their answers, the model of such a job without a worker, and the
// promises to each client.

import { isLinearizable, offendingPart, type Model, type Operation } from './linearizable.ts';

export type Verb = 'submit' | 'cancel' | 'retry' | 'read';

/** Where a job is: `absent` before it was submitted, then `queued` or `cancelled`. */
export interface Place {
  readonly state: string;
  readonly run: number;
}

export interface Answer {
  readonly status: number;
  /** Of a problem. */
  readonly code?: string;
  /** Of a job. */
  readonly shown?: Place;
}

export type JobOperation = Operation<Verb, Answer>;

const absent = { state: 'absent', run: 0 };

const jobModel: Model<Place, Verb, Answer> = {
  initial: absent,
  step: (before, verb, answer) => {
    const { after, says } = takesPlace(before, verb);
    return answer === undefined || says === saysOf(answer) ? after : undefined;
  },
};

/** What an operation makes of the job, and what it is answered with. */
function takesPlace(before: Place, verb: Verb): { after: Place; says: string } {
  const { state, run } = before;
  const isThere = state !== 'absent';
  const shows = (status: number, after: Place) => ({ after, says: saysOf({ status, shown: after }) });
  const refuses = (status: number, code: string) => ({ after: before, says: saysOf({ status, code }) });
  switch (verb) {
    case 'submit':
      return isThere ? shows(200, before) : shows(202, { state: 'queued', run: 1 });
    case 'cancel':
      return isThere ? shows(200, { state: 'cancelled', run }) : refuses(404, 'JobNotFound');
    case 'retry':
      if (!isThere) return refuses(404, 'JobNotFound');
      return state === 'queued' ? refuses(409, 'JobNotFinished') : shows(202, { state: 'queued', run: run + 1 });
    case 'read':
      return isThere ? shows(200, before) : refuses(404, 'JobNotFound');
    default:
      return verb satisfies never;
  }
}

const saysOf = ({ status, code, shown }: Answer): string =>
  shown === undefined ? `${status} ${code}` : `${status} ${shown.state} in run ${shown.run}`;

/** The error in the history of one job, with the operations that show it; undefined if it has no error. */
export function problemOf(history: readonly JobOperation[]): string | undefined {
  const backward = wentBack(history);
  if (backward !== undefined) return `a client saw its job go back:\n${backward.map(inLine).join('\n')}`;
  if (isLinearizable(history, jobModel)) return undefined;
  const part = offendingPart(history, jobModel, changesNothing);
  const left = part.length - mostLines;
  const before = left > 0 ? `… ${left} before\n` : '';
  return `no order of these explains the last answer:\n${before}${part.slice(-mostLines).map(inLine).join('\n')}`;
}

const mostLines = 20;

/** By its answer: a read, a replayed submit, anything refused. */
const changesNothing = ({ input, answer }: JobOperation): boolean =>
  input === 'read' || (input === 'submit' && answer?.output.status === 200) || (answer?.output.status ?? 0) >= 400;

/** Two operations of one client, of which the second shows less than the first, whether that one wrote or read. */
export function wentBack(history: readonly JobOperation[]): readonly JobOperation[] | undefined {
  const furthest = new Map<string, JobOperation>();
  for (const operation of history.toSorted((one, other) => one.calledAt - other.calledAt)) {
    const { client, answer } = operation;
    const isTold = answer?.output.shown !== undefined || answer?.output.status === 404;
    if (!isTold) continue;
    const before = furthest.get(client);
    if (before !== undefined && rank(operation) < rank(before)) return [before, operation];
    furthest.set(client, operation);
  }
  return undefined;
}

/** Grows with each change of a job: queued and cancelled in run 1, then in run 2. */
function rank({ answer }: JobOperation): number {
  const { state, run } = answer?.output.shown ?? absent;
  return run * 2 + (state === 'cancelled' ? 1 : 0);
}

function inLine({ client, input, calledAt, answer }: JobOperation): string {
  const end = answer === undefined ? 'without an answer' : `${answer.at.toFixed(1)} ms: ${saysOf(answer.output)}`;
  return `${client}: ${input} from ${calledAt.toFixed(1)} to ${end}`;
}
