// Proves that this process's index is current: an answer such as "nothing is stuck" must not come from an index that is behind.

import { untilAborted } from '../async/abort.ts';
import { GenwardenError } from '../job/errors/index.ts';
import type { Instant, Sequence } from '../job/task.ts';
import { elapsed, type Monotonic } from '../job/time.ts';
import type { Position } from '../ports/jobLog.ts';
import type { JobsContext } from './context.ts';

export type CurrentContext = Pick<JobsContext, 'log' | 'follower' | 'clock'>;

/** The index has every message of the stream up to `sequence`, which was the last one at `at`. */
export interface Proof {
  readonly sequence: Sequence;
  readonly at: Instant;
  /** The same moment. */
  readonly asked: Monotonic;
}

/** How long NATS may take to name the last message, ms. */
const answerWithin = 3_000;
/** How long the index may take to reach it, ms; the follower compares itself with the stream once a second. */
const reachWithin = 5_000;

/**
 * Asks the stream for its last message, and waits until the index has it. Throws `Unavailable` if NATS does not answer, and
 * `NotReady` if the index is behind.
 */
export async function proveCurrent({ log, follower, clock }: CurrentContext): Promise<Proof> {
  const at = clock.now();
  const asked = clock.monotonic();
  const { epoch, sequence } = await lastMessage(log);
  const isReached = follower.position().epoch === epoch && (await follower.waitFor(sequence, reachWithin));
  if (isReached && follower.position().epoch === epoch) return { sequence, at, asked };
  const seen = follower.position();
  const state =
    seen.epoch === epoch
      ? `it has read the stream up to message ${seen.sequence} of ${sequence}`
      : follower.ready().reason || 'the stream has not been read yet';
  throw new GenwardenError('NotReady', `The index of this API process is not current: ${state}`);
}

async function lastMessage(log: CurrentContext['log']): Promise<Position> {
  const late = AbortSignal.timeout(answerWithin);
  try {
    return (await untilAborted(log.health(), late)).position;
  } catch (error) {
    if (error !== late.reason) throw error;
    throw new GenwardenError('Unavailable', `NATS did not answer within ${answerWithin / 1_000} s`);
  }
}

/** ms since the proof. */
export const ageOfProof = ({ asked }: Proof, { clock }: Pick<JobsContext, 'clock'>): number =>
  elapsed(asked, clock.monotonic());
