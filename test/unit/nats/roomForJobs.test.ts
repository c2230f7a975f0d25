// When submits are refused: room is reserved for what open tasks may still write.

import { expect, test } from 'vitest';
import { isFull } from '../../../src/adapters/nats/log/streamState.ts';

const position = { epoch: 'e', sequence: 1 };
const stream = { position, maxBytes: 1_000_000, bytes: 100_000, messages: 100 };

test.each([
  ['a stream without a limit is never full', { ...stream, maxBytes: -1 }, 1_000_000, false],
  ['stored messages count', { ...stream, bytes: 850_000, messages: 850 }, 0, true],
  [
    'there is room for one more task and everything that it may write',
    { ...stream, bytes: 840_000, messages: 840 },
    0,
    false,
  ],
  ['eight messages are reserved for each open task', stream, 92, false],
  ['more open tasks leave no room', stream, 93, true],
  ['an empty stream counts with messages of the usual size', { ...stream, bytes: 0, messages: 0 }, 50, false],
])('%s', (_name, health, openTasks, expected) => {
  expect(isFull(health, openTasks, 1)).toBe(expected);
});
