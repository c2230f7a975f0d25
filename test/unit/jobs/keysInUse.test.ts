// Which key records of a pool are shown: those of keys that its workers report.
import { expect, test } from 'vitest';
import { keysInUse } from '../../../src/jobs/keysInUse.ts';
import type { Beat } from '../../../src/ports/heartbeats.ts';
import type { KeyState } from '../../../src/ports/keyRing.ts';
import { aBeat } from '../../fakes/heartbeats.ts';

const state = (fingerprint: string): KeyState => ({
  pool: 'default',
  fingerprint,
  state: 'ready',
  until: null,
  cause: null,
  provider: null,
  message: '',
  inFlight: 0,
  maxInFlight: 4,
  requestsPerMinute: 10,
  callsLastMinute: 0,
  requestsLeft: 10,
  models: [],
});

const connection = { server: 's', client: 1 };
const shown = (...beats: Partial<Beat>[]): string[] => {
  const workers = { list: () => beats.map((over) => ({ beat: { ...aBeat(over), connection }, lastBeat: 0 })) };
  return keysInUse(workers, 'default', [state('old'), state('new')]).map(({ fingerprint }) => fingerprint);
};

test.each<[string, string[], Partial<Beat>[]]>([
  ['a replaced key is not shown', ['new'], [{ keys: ['new'] }]],
  ['a key that one worker still has is', ['old', 'new'], [{ keys: ['old'] }, { keys: ['new'] }]],
  ['a key that only a draining worker has is not', ['new'], [{ keys: ['old'], draining: true }, { keys: ['new'] }]],
  ['while all drain, their keys are shown', ['old'], [{ keys: ['old'], draining: true }]],
  ['a worker of an earlier version names none: all are shown', ['old', 'new'], [{}, { keys: ['new'] }]],
  ['without workers all are shown', ['old', 'new'], []],
  ['workers of other pools do not count', ['old', 'new'], [{ pool: 'other', keys: [] }]],
  ['a worker without keys shows none', [], [{ keys: [] }]],
])('%s', (_, expected, beats) => {
  expect(shown(...beats)).toEqual(expected);
});
