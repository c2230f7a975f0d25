// What is wrong, the worst first, one line each.

import { about } from '../../../job/duration.ts';
import { count } from '../../../job/explain/format.ts';
import type { Pool } from '../../../client/index.ts';
import { keyLines, shortOutageLines } from '../poolTrouble.ts';
import { isPresent, type Snapshot } from './snapshot.ts';

export interface Trouble {
  readonly severity: 'wrong' | 'odd';
  readonly text: string;
}

/** `now` in ms since 1970. */
export function troubleOf(snapshot: Snapshot, now: number): Trouble[] {
  const { pools } = snapshot;
  return [
    ...wrong([
      ...behind(snapshot),
      ...stuck(snapshot, now),
      ...pools.flatMap((pool) => shortOutageLines(pool, now)),
      ...pools.flatMap(unserved),
    ]),
    ...odd([
      ...pools.flatMap((pool) => keyLines(pool, now)),
      ...pools.flatMap((pool) => paused(pool, now)),
      ...lostWorkers(snapshot, now),
    ]),
  ];
}

const wrong = (texts: readonly string[]): Trouble[] => texts.map((text) => ({ severity: 'wrong', text }));
const odd = (texts: readonly string[]): Trouble[] => texts.map((text) => ({ severity: 'odd', text }));

function behind({ activity }: Snapshot): string[] {
  if (activity === null || activity.behindMs === 0) return [];
  return [`The API has been cut off from NATS for ${about(activity.behindMs)}: everything below is that old`];
}

function stuck({ activity, stuck: { total, items } }: Snapshot, now: number): string[] {
  const overdue = activity?.overdue ?? 0;
  const late = overdue === 0 ? [] : [`${count(overdue, 'task')} overdue: see \`genwarden doctor\``];
  const [oldest] = items;
  if (oldest === undefined) return late;
  const since = about(now - Date.parse(oldest.since));
  return [...late, `${count(total, 'task')} stuck, the first for ${since}: see \`genwarden stuck\``];
}

/** A pool that is paused or has an outage tells why nothing starts. */
function unserved({ name, workers, queued, paused: isPaused }: Pool): string[] {
  return workers > 0 || queued === 0 || isPaused ? [] : [`${name}: no worker serves ${count(queued, 'queued task')}`];
}

function paused({ name, paused: isPaused, pausedUntil, pausedBy, queued }: Pool, now: number): string[] {
  if (!isPaused) return [];
  const end = pausedUntil === null ? 'until you resume it' : `for ${about(Date.parse(pausedUntil) - now)}`;
  const left = pausedBy === 'spec' ? 'by spec.paused of its WorkerPool' : end;
  return [
    `${name}: paused ${left}; ${count(queued, 'task')} queued, and ${queued === 1 ? 'its queue timeout keeps' : 'their queue timeouts keep'} running`,
  ];
}

function lostWorkers({ workers }: Snapshot, now: number): string[] {
  const lost = workers.filter((worker) => !isPresent(worker) && worker.state === 'lost');
  return lost.map(
    ({ name, pool, lastBeat }) => `${pool}: ${name} is lost, last heard ${about(now - Date.parse(lastBeat))} ago`,
  );
}
