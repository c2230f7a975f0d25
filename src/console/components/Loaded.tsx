// What a poll has read: a quiet line before the first answer, and the last answer, dimmed, below the problem that followed it.

import type { ComponentChildren } from 'preact';
import { isStale } from '../frame/LiveState.tsx';
import type { Polled } from '../live/poll.ts';
import { Problem } from './Problem.tsx';

interface LoadedProps<T> {
  polled: Polled<T>;
  /** What is read, such as `the pools`. */
  what: string;
  children: (data: T) => ComponentChildren;
}

export function Loaded<T>({ polled, what, children }: LoadedProps<T>) {
  const { value: data } = polled.data;
  const { value: error } = polled.error;
  return (
    <>
      {error === undefined ? null : <Problem error={error} />}
      {data === undefined && error === undefined ? <p class="muted">Reading {what}…</p> : null}
      {data === undefined ? null : (
        <div class={`stack ${error !== undefined || isStale() ? 'stale' : ''}`}>{children(data)}</div>
      )}
    </>
  );
}
