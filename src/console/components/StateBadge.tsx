// The state of a job or a task: a shape, a colour and a word, so that the colour is not needed.

import type { ComponentChildren } from 'preact';
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
    <StateMark like={state} title={short ? stateWord(state) : undefined}>
      <span class={short ? 'heard' : ''}>{stateWord(state)}</span>
    </StateMark>
  );
}

interface StateMarkProps {
  /** The state of a task whose colour and shape it has. */
  like: string;
  title?: string | undefined;
  children: ComponentChildren;
}

/** A state of something else, such as a key or a worker, as states of tasks look. */
export function StateMark({ like, title, children }: StateMarkProps) {
  return (
    <span class={`state ${like}`} title={title}>
      <span class="state-shape" aria-hidden="true">
        {stateShape(like)}
      </span>
      {children}
    </span>
  );
}
