// What the outcome of a call means for the provider's health, and whether a failure belongs to an outage.

import { isProviderFailure } from '../../../job/errors/failureKinds.ts';
import type { Instant } from '../../../job/task.ts';
import type { KeyOutcome } from '../../../ports/keyRing.ts';
import {
  afterAnswer,
  afterOutage,
  afterSilence,
  isKnownOutage,
  isSilence,
  returnProbe,
  type HealthRecord,
  type ProbedCall,
} from './health.ts';
import { patience, type Ledger } from './store.ts';

export interface Judgement {
  /** Whether the failure belongs to an outage: as the record that was changed shows, or until then as this process knows. */
  readonly outage: () => boolean;
  /** Undefined if there is nothing to store. */
  readonly stored: Promise<boolean> | undefined;
}

/** Applies the outcome to the provider's health. A success writes only if the record is not as good as new. */
export function judge(
  health: Ledger<HealthRecord>,
  call: ProbedCall & { readonly isProbe: boolean },
  outcome: KeyOutcome,
  now: Instant,
): Judgement {
  const error = outcome.outcome === 'failed' && isProviderFailure(outcome.error.code) ? outcome.error : undefined;
  if (error !== undefined) {
    let outage = isKnownOutage(health.read(), call.task, now);
    const stored = health.change((record, at) => {
      outage = isKnownOutage(record, call.task, at);
      return afterOutage(record, call, error, at);
    }, patience);
    return { outage: () => outage, stored };
  }
  // A probe that hangs is one more sign of the outage.
  const outage = (): boolean => call.isProbe && isSilent(outcome);
  const { open, streak } = health.read();
  const isNews = outcome.outcome === 'used' ? open !== null || streak.length > 0 : call.isProbe;
  if (!isNews) return { outage, stored: undefined };
  const stored = health.change((record, at) => {
    if (outcome.outcome === 'unused') return returnProbe(record, call.id);
    if (isSilent(outcome)) return afterSilence(record, call, at);
    return afterAnswer(record, call.id, outcome.outcome === 'used');
  }, patience);
  return { outage, stored };
}

const isSilent = (outcome: KeyOutcome): boolean =>
  outcome.outcome === 'aborted' || (outcome.outcome === 'failed' && isSilence(outcome.error.code));
