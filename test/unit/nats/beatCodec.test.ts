// Heartbeats of other versions: what this one does not know is dropped, and the rest is read.

import { expect, test } from 'vitest';
import { readBeat } from '../../../src/adapters/nats/heartbeats/codec.ts';

const task = { job: 'a'.repeat(26), task: 0, claim: 9, progress: 0.5 };
const beat = {
  worker: 'w-1',
  pool: 'front',
  host: 'a-host',
  pid: 7,
  version: '0.1.0',
  startedAt: 0,
  number: 1,
  slots: { total: 1, busy: 1, leaked: 0 },
  eventLoopLag: 0,
  memory: 0,
  draining: false,
  connection: { server: 'S1', client: 5 },
};

test.each([
  ['of an earlier version, without a phase', {}, {}],
  [
    'with a phase',
    { phase: { phase: 'references', read: 1, of: 3 } },
    { phase: { phase: 'references', read: 1, of: 3 } },
  ],
  ['with a phase of a later version', { phase: { phase: 'thumbnails' }, mood: 'good' }, {}],
  ['with a phase that makes no sense', { phase: 7 }, {}],
])('a heartbeat %s', (_what, sent, read) => {
  const bytes = Buffer.from(JSON.stringify({ ...beat, tasks: [{ ...task, ...sent }] }));
  expect(readBeat(bytes)).toEqual({ ...beat, tasks: [{ ...task, ...read }] });
});

const storage = { place: 'disk', refuses: 'statuses', since: 1, words: 'no space left on device' };

test.each([
  ['that is the last one', { stopped: true }, { stopped: true }],
  ['that reports full storage', { storage }, { storage }],
  ['with a storage of a later version', { storage: { ...storage, place: 'cloud' } }, {}],
])('a heartbeat %s', (_what, sent, read) => {
  const bytes = Buffer.from(JSON.stringify({ ...beat, tasks: [], ...sent }));
  expect(readBeat(bytes)).toEqual({ ...beat, tasks: [], ...read });
});
