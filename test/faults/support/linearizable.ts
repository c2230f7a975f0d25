// Is there an order of these operations on one object, each taking effect at one moment between its call and its return,
// that the object's sequential model allows? The search of Wing and Gong ("Testing and Verifying Concurrent Objects", 1993)
// with Lowe's memory of the configurations it has been in ("Testing for Linearizability", 2017), as in Porcupine.

export interface Operation<Input, Output> {
  /** The caller, which makes one call at a time. */
  readonly client: string;
  readonly input: Input;
  /** By a clock that all clients share. */
  readonly calledAt: number;
  /** Absent if no answer came: the operation may take effect at any moment from the call on, or never. */
  readonly answer?: { readonly at: number; readonly output: Output };
}

export interface Model<State, Input, Output> {
  readonly initial: State;
  /**
   * The state after the operation, or undefined if the output is impossible in this state. Without an output, the state
   * that results if the operation takes effect. Pure.
   */
  step(state: State, input: Input, output: Output | undefined): State | undefined;
}

type History<Input, Output> = readonly Operation<Input, Output>[];

/** States and inputs are compared by what `JSON.stringify` makes of them. Takes the worse, the more overlaps. */
export function isLinearizable<State, Input, Output>(
  history: History<Input, Output>,
  model: Model<State, Input, Output>,
): boolean {
  const operations = history.toSorted((one, other) => one.calledAt - other.calledAt);
  const kinds = operations.map(({ input, answer }) => (answer === undefined ? JSON.stringify(input) : undefined));
  const done = new Set<number>();
  const visited = new Set<string>();
  let unanswered = kinds.filter((kind) => kind === undefined).length;

  /** What may come next: called before any operation that is still to come has returned. */
  const candidates = (): number[] => {
    const open = operations.map((_, index) => index).filter((index) => !done.has(index));
    const firstReturn = Math.min(...open.map((index) => returnOf(operations[index]!)));
    const seen = new Set<string>();
    return open.filter((index) => {
      const kind = kinds[index];
      // Of several equal operations without an answer, the one called first represents the others.
      const stands = kind === undefined || !seen.has(kind);
      if (kind !== undefined) seen.add(kind);
      return stands && operations[index]!.calledAt <= firstReturn;
    });
  };

  const search = (state: State): boolean => {
    if (unanswered === 0) return true;
    const configuration = `${[...done].toSorted((one, other) => one - other).join()} ${JSON.stringify(state)}`;
    if (visited.has(configuration)) return false;
    visited.add(configuration);
    return candidates().some((index) => attempt(state, index));
  };

  const attempt = (state: State, index: number): boolean => {
    const { input, answer } = operations[index]!;
    const next = model.step(state, input, answer?.output);
    if (next === undefined) return false;
    // Without an answer and without an effect it need not happen at all.
    if (answer === undefined && JSON.stringify(next) === JSON.stringify(state)) return false;
    done.add(index);
    if (answer !== undefined) unanswered -= 1;
    if (search(next)) return true;
    done.delete(index);
    if (answer !== undefined) unanswered += 1;
    return false;
  };

  return search(model.initial);
}

/**
 * Of a history that is not linearizable, a small part that is not either, by the time of the calls: up to the first answer
 * that nothing explains, without those operations that change nothing and are not needed for it to be wrong.
 */
export function offendingPart<State, Input, Output>(
  history: History<Input, Output>,
  model: Model<State, Input, Output>,
  changesNothing: (operation: Operation<Input, Output>) => boolean,
): History<Input, Output> {
  let part = shortestPrefix(history, model);
  // Only what changes nothing can be left out: without a write the rest would be wrong for another reason.
  for (const operation of part.filter(changesNothing)) {
    const rest = part.filter((one) => one !== operation);
    if (!isLinearizable(rest, model)) part = rest;
  }
  return part.toSorted((one, other) => one.calledAt - other.calledAt);
}

/** What is known at the moment of each answer: any beginning of a linearizable history is linearizable. */
function shortestPrefix<State, Input, Output>(
  history: History<Input, Output>,
  model: Model<State, Input, Output>,
): History<Input, Output> {
  const moments = history.map(returnOf).filter(Number.isFinite);
  moments.sort((one, other) => one - other);
  const until = (moment: number): History<Input, Output> =>
    history.filter(({ calledAt }) => calledAt <= moment).map((operation) => asKnownAt(moment, operation));
  const first = moments.find((moment) => !isLinearizable(until(moment), model));
  return first === undefined ? history : until(first);
}

function asKnownAt<Input, Output>(moment: number, operation: Operation<Input, Output>): Operation<Input, Output> {
  if (returnOf(operation) <= moment) return operation;
  const { client, input, calledAt } = operation;
  return { client, input, calledAt };
}

const returnOf = ({ answer }: Operation<unknown, unknown>): number => answer?.at ?? Infinity;
