// The proof that the index of this process is current, before it says that there is nothing.

import { describe, expect, test } from 'vitest';
import { proveCurrent, type CurrentContext } from '../../../src/jobs/current.ts';
import type { Position } from '../../../src/ports/jobLog.ts';
import { virtualClock } from '../../fakes/clock.ts';

interface Situation {
  readonly stream: Position;
  readonly index: Position;
  /** Whether the index reaches the stream's last message in time. */
  readonly reaches: boolean;
  readonly reason?: string;
}

function contextOf({ stream, index, reaches, reason = '' }: Situation): CurrentContext {
  return {
    clock: virtualClock(),
    log: { health: async () => ({ position: stream, bytes: 0, maxBytes: -1, messages: 0 }) },
    follower: {
      position: () => index,
      ready: () => ({ ready: reason === '', reason }),
      waitFor: async () => reaches,
    },
  } as unknown as CurrentContext;
}

const at = (sequence: number, epoch = 'one'): Position => ({ epoch, sequence });

describe('an index', () => {
  test('that has reached the last message is current', async () => {
    const proof = await proveCurrent(contextOf({ stream: at(812), index: at(812), reaches: true }));
    expect(proof.sequence).toBe(812);
  });

  test('that does not reach it in time is behind, and says how far', async () => {
    const behind = contextOf({ stream: at(812), index: at(700), reaches: false });
    await expect(proveCurrent(behind)).rejects.toMatchObject({
      code: 'NotReady',
      message: 'The index of this API process is not current: it has read the stream up to message 700 of 812',
    });
  });

  test('of another stream, or that has read nothing yet, is not current', async () => {
    const old = contextOf({ stream: at(3, 'two'), index: at(812), reaches: true });
    await expect(proveCurrent(old)).rejects.toMatchObject({ code: 'NotReady' });
    const cold = contextOf({
      stream: at(3),
      index: at(0, ''),
      reaches: true,
      reason: 'the stream has not been read yet',
    });
    await expect(proveCurrent(cold)).rejects.toMatchObject({
      message: 'The index of this API process is not current: the stream has not been read yet',
    });
  });
});
