// A job's tasks as a bar with a segment for each state, and as a count. A failed task is never part of what is done.

import type { ListedJob, State } from '../../client/index.ts';
import { counted } from '../format.ts';
import { stateWord } from './StateBadge.tsx';

const order: readonly State[] = ['succeeded', 'needs_review', 'running', 'waiting', 'queued', 'cancelled', 'failed'];

export function ProgressBar({ progress }: { progress: ListedJob['progress'] }) {
  const parts = order.filter((state) => progress[state] > 0);
  const words = parts.map((state) => `${progress[state]} ${stateWord(state)}`).join(', ');
  return (
    <span class="progress" title={words}>
      <span class="progress-bar" aria-hidden="true">
        {parts.map((state) => (
          <span key={state} class={`progress-part ${state}`} style={{ flexGrow: progress[state] }} />
        ))}
      </span>
      <span class="progress-count" aria-hidden="true">
        {progress.succeeded}/{progress.total}
      </span>
      <span class="heard">
        {counted(progress.total, 'task')}: {words}
      </span>
    </span>
  );
}

/** How far one task is, 0 to 1. */
export function Meter({ value, label }: { value: number; label: string }) {
  const whole = Math.round(100 * value);
  return (
    <span
      class="meter"
      role="progressbar"
      aria-label={label}
      aria-valuenow={whole}
      aria-valuemin={0}
      aria-valuemax={100}
    >
      <span class="meter-fill" style={{ width: `${whole}%` }} />
    </span>
  );
}
