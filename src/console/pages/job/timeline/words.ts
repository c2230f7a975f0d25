// A span of the timeline in words: for its button, and for its details.

import type { Transition } from '../../../../client/index.ts';
import { clockTime, duration } from '../../../format.ts';
import type { Span } from './spans.ts';

/** `page-3`, or `task 2` for one without a name. */
export const taskName = ({ index, name }: { index: number; name: string | null }): string => name ?? `task ${index}`;

/** What the task does in the span: `Running, attempt 2`. */
export function spanTitle({ kind, began, cause }: Span): string {
  switch (kind) {
    case 'queued':
      return cause === null ? 'Queued' : `Queued: ${cause}`;
    case 'running':
      return `Running, attempt ${began.attempt}`;
    case 'waiting':
      return `Waiting for the next attempt: ${cause}`;
    case 'held':
      return 'Waiting for other tasks';
    case 'review':
      return 'In review';
    default:
      return kind satisfies never;
  }
}

/** The text inside a span, which is cut where there is no room. */
export function shortText({ kind, began, cause }: Span): string {
  switch (kind) {
    case 'running':
      return began.worker === null ? String(began.attempt) : `${began.attempt} · ${began.worker}`;
    case 'held':
      return 'other tasks';
    case 'review':
      return 'review';
    default:
      return cause ?? 'queued';
  }
}

/** All that sight gives, for a screen reader; it begins with the text that is visible. `now`: ms since 1970. */
export function spanLabel(span: Span, name: string, now: number): string {
  const { began, from, to, isOpen, ended } = span;
  const worker = span.kind === 'running' && began.worker !== null ? ` on ${began.worker}` : '';
  const run = began.run > 1 ? `, run ${began.run}` : '';
  const start = clockTime(from, now);
  const times = isOpen ? `since ${start}` : `from ${start} to ${clockTime(to, now)}, ${duration(to - from)}`;
  return `${shortText(span)}, ${name}: ${spanTitle(span)}${worker}${run}, ${times}${ended === undefined ? '' : `, then ${endText(ended)}`}`;
}

/** What ended a span. */
export function endText({ state, reason, error }: Transition): string {
  switch (state) {
    case 'queued':
      return reason === 'RetryDue' ? 'queued again' : `queued again: ${reason}`;
    case 'running':
      return 'running';
    case 'waiting':
      return `waiting: ${error?.code ?? reason}`;
    case 'needs_review':
      return 'in review';
    case 'failed':
      return `failed with ${error?.code ?? reason}`;
    default:
      return reason === 'Approved' ? 'approved' : state;
  }
}
