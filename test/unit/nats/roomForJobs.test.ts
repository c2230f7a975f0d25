// When submits are refused: what open tasks may still write has its room first.

import { expect, test } from 'vitest';
import { isFull } from '../../../src/adapters/nats/log/health.ts';

const position = { epoch: 'e', sequence: 1 };
const stream = { position, maxBytes: 1_000_000, bytes: 100_000, messages: 100 };

test.each([
  ['a stream without a limit is never full', { ...stream, maxBytes: -1 }, 1_000_000, false],
  ['what is stored counts', { ...stream, bytes: 850_000, messages: 850 }, 0, true],
  ['there is room for one more and for all that it may write', { ...stream, bytes: 840_000, messages: 840 }, 0, false],
  ['open tasks have their eight messages first', stream, 92, false],
  ['and with more of them there is none left', stream, 93, true],
  ['a stream with nothing in it is measured by a usual message', { ...stream, bytes: 0, messages: 0 }, 50, false],
])('%s', (_name, health, openTasks, expected) => {
  expect(isFull(health, openTasks, 1)).toBe(expected);
});
