// A pool's pause as its resource asks for it, beside one that somebody else has set: whose pause it is stands in the
// condition Paused, so that a restart does not forget it.

import type { Condition, Stated } from '../../resources/condition.ts';

export interface PauseSight {
  /** What the spec says. */
  readonly wanted: boolean;
  /** Whether the queue is held back now. */
  readonly paused: boolean;
  /** As the status says. */
  readonly before: Pick<Condition, 'status' | 'reason'> | undefined;
}

export interface PauseStep {
  readonly act: 'pause' | 'resume' | 'nothing';
  readonly condition: Stated<'Paused'>;
}

const pausedBySpec = 'PausedBySpec';

/** Only a pause that the resource has set is ended when the resource no longer asks for it. */
export function pauseStep({ wanted, paused, before }: PauseSight): PauseStep {
  const isOurs = before?.status === 'True' && before.reason === pausedBySpec;
  if (wanted && (isOurs || !paused)) return { act: paused ? 'nothing' : 'pause', condition: ofSpec };
  if (!wanted && isOurs) return { act: paused ? 'resume' : 'nothing', condition: notPaused };
  return { act: 'nothing', condition: paused ? byOthers : notPaused };
}

const ofSpec: Stated<'Paused'> = {
  type: 'Paused',
  status: 'True',
  reason: pausedBySpec,
  message: 'spec.paused holds the queue back; what runs goes on',
};

const byOthers: Stated<'Paused'> = {
  type: 'Paused',
  status: 'True',
  reason: 'PausedByApi',
  message: 'The queue was paused through the API or the command line, and is resumed there',
};

const notPaused: Stated<'Paused'> = {
  type: 'Paused',
  status: 'False',
  reason: 'NotPaused',
  message: 'Workers are given tasks',
};
