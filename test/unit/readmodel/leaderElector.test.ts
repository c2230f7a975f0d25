// What a leader logs: an orderly stop is no warning.

import { pino } from 'pino';
import { expect, test } from 'vitest';
import { LeaderElector } from '../../../src/readmodel/leaderElector.ts';
import { whenAborted } from '../../../src/async/abort.ts';

/** Leads until one of the two aborts, and returns the events and levels of its lines. */
async function eventsAfter(end: 'stop' | 'term'): Promise<[string, number][]> {
  const lines: string[] = [];
  const ends = { stop: new AbortController(), term: new AbortController() };
  const elector = new LeaderElector({
    role: 'controller',
    name: 'controller-1',
    leadership: { campaign: async (_candidate, lead, signal) => lead(AbortSignal.any([signal, ends.term.signal])) },
    follower: { ready: () => ({ ready: true, reason: 'current' }), lag: () => 0 },
    logger: pino({ base: null }, { write: (line: string) => void lines.push(line) }),
  });
  const leading = elector.campaign(async (term) => {
    ends[end].abort();
    await whenAborted(term);
  }, ends.stop.signal);
  await leading;
  return lines
    .map((line) => JSON.parse(line) as { event: string; level: number })
    .map(({ event, level }) => [event, level]);
}

test('a leader that stops resigns', async () => {
  expect(await eventsAfter('stop')).toEqual([
    ['leader_elected', 30],
    ['leader_resigned', 30],
  ]);
});

test('a leader whose term ends has lost the leadership', async () => {
  expect(await eventsAfter('term')).toEqual([
    ['leader_elected', 30],
    ['leader_lost', 40],
  ]);
});
