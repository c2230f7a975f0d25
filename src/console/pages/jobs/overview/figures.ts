// The four figures of the last hour, each with its course by minute and the jobs behind it.

import type { Activity } from '../../../../client/index.ts';
import { clockTime, count, counted, duration, percent } from '../../../format.ts';

export interface Figure {
  readonly title: string;
  /** `–` if there is none. */
  readonly value: string;
  readonly detail: string;
  /** Oldest first. */
  readonly course: readonly (number | null)[];
  /** The value at the top of the course; undefined: the largest. */
  readonly top: number | undefined;
  /** The query of the jobs behind it. */
  readonly query: string;
}

const none = '–';

export function figuresOf(activity: Activity | undefined): Figure[] {
  return [success(activity), latency(activity), queue(activity), running(activity)];
}

function success(activity: Activity | undefined): Figure {
  const { succeeded = 0, failed = 0, successRate = null } = activity?.hour ?? {};
  return {
    title: 'Success rate',
    value: successRate === null ? none : percent(successRate),
    detail:
      successRate === null
        ? 'no task has finished'
        : `${count(failed)} of ${counted(succeeded + failed, 'task')} failed`,
    course: (activity?.minutes ?? []).map((minute) => {
      const ended = minute.succeeded + minute.failed;
      return ended === 0 ? null : minute.succeeded / ended;
    }),
    top: 1,
    query: '?state=failed',
  };
}

function latency(activity: Activity | undefined): Figure {
  const { p50Ms = null, p95Ms = null } = activity?.hour ?? {};
  return {
    title: 'Latency p95',
    value: p95Ms === null ? none : duration(p95Ms),
    detail: p50Ms === null ? 'no task has finished' : `p50 ${duration(p50Ms)}`,
    course: (activity?.minutes ?? []).map((minute) => minute.p95Ms),
    top: undefined,
    query: '?state=succeeded&state=failed',
  };
}

function queue(activity: Activity | undefined): Figure {
  const { queued, waiting } = activity?.now ?? { queued: 0, waiting: 0 };
  return {
    title: 'Waiting',
    value: activity === undefined ? none : count(queued + waiting),
    detail: activity === undefined ? '' : `${count(queued)} queued, ${count(waiting)} waiting`,
    course: (activity?.minutes ?? []).map((minute) => minute.queued + minute.waiting),
    top: undefined,
    query: '?state=queued&state=waiting',
  };
}

function running(activity: Activity | undefined): Figure {
  const { running: now, needs_review: review } = activity?.now ?? { running: 0, needs_review: 0 };
  return {
    title: 'Running',
    value: activity === undefined ? none : count(now),
    detail: review > 0 ? `${counted(review, 'result')} in review` : 'tasks at present',
    course: (activity?.minutes ?? []).map((minute) => minute.running),
    top: undefined,
    query: '?state=running',
  };
}

/** Why the figures are not those of the whole hour; undefined: they are. `now`: ms since 1970. */
export function incompleteText({ since, minutes }: Activity, now: number): string | undefined {
  const first = minutes[0];
  if (since === null) return 'It is not known since when these figures are complete.';
  if (first === undefined || Date.parse(since) <= Date.parse(first.at)) return undefined;
  return `Complete since ${clockTime(since, now)}: the API does not know the tasks that ended before.`;
}
