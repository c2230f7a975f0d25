// What a worker does for a running task at the moment, in the words of messages and views.

export type AttemptPhase =
  | { readonly phase: 'references'; /** How many of them are read. */ readonly read: number; readonly of: number }
  | { readonly phase: 'provider' }
  | { readonly phase: 'result' };

/** The end of a sentence such as "The worker is …". */
export function phaseText(phase: AttemptPhase): string {
  switch (phase.phase) {
    case 'references':
      return `reading ${referenceText(phase.read, phase.of)} from the artifact store`;
    case 'provider':
      return 'waiting for the provider';
    case 'result':
      return 'storing the result in the artifact store';
    default:
      return phase satisfies never;
  }
}

/** `index` from 0. */
export const referenceText = (index: number, of: number): string =>
  of === 1 ? 'the reference' : `reference ${Math.min(index + 1, of)} of ${of}`;
