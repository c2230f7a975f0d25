// What a worker does for a task that it holds at the moment, in the words of messages and views.

export type AttemptPhase =
  /** Before the claim: the task waits for memory, or, if it must run alone, for the worker's other tasks to end. */
  | { readonly phase: 'memory'; readonly alone: boolean }
  | { readonly phase: 'references'; /** How many of them are read. */ readonly read: number; readonly of: number }
  /** Reads the results of the tasks that this one waited for. */
  | { readonly phase: 'dependencies' }
  | { readonly phase: 'provider' }
  /** A model looks at the result, which is stored already. */
  | { readonly phase: 'check' }
  | { readonly phase: 'result' };

/** The end of a sentence such as "The worker is …". */
export function phaseText(phase: AttemptPhase): string {
  switch (phase.phase) {
    case 'memory':
      return phase.alone ? 'finishing its other tasks, to run this one alone' : 'waiting for memory to run it in';
    case 'references':
      return `reading ${referenceText(phase.read, phase.of)} from the artifact store`;
    case 'dependencies':
      return 'reading the results of other tasks';
    case 'provider':
      return 'waiting for the provider';
    case 'check':
      return 'checking the result';
    case 'result':
      return 'storing the result in the artifact store';
    default:
      return phase satisfies never;
  }
}

/** `index` from 0. */
export const referenceText = (index: number, of: number): string =>
  of === 1 ? 'the reference' : `reference ${Math.min(index + 1, of)} of ${of}`;
