// The state of a job or a task: a shape, a colour and a word, so that the colour is not needed.

import type { State } from '../../client/index.ts';

const shapes: Record<State, string> = {
  queued: '○',
  running: '◔',
  waiting: '◍',
  needs_review: '◇',
  succeeded: '●',
  failed: '✕',
  cancelled: '–',
};

const words: Record<State, string> = {
  queued: 'queued',
  running: 'running',
  waiting: 'waiting',
  needs_review: 'needs review',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** A state of a newer API is shown as it is. */
export const stateWord = (state: string): string => words[state as State] ?? state;
export const stateShape = (state: string): string => shapes[state as State] ?? '·';

/** `short`: the word is only for screen readers. */
export function StateBadge({ state, short = false }: { state: string; short?: boolean }) {
  return (
    <span class={`state ${state}`} title={short ? stateWord(state) : undefined}>
      <span class="state-shape" aria-hidden="true">
        {stateShape(state)}
      </span>
      <span class={short ? 'heard' : ''}>{stateWord(state)}</span>
    </span>
  );
}
