// The JSON of a submit's warning.

import type { Warning } from '../../job/explain/warnings.ts';
import { isoTime } from '../../job/time.ts';
import type { WarningView } from './warningSchema.ts';
import { isoTimeOrNull } from './taskView.ts';

export function warningView({ code, message, until, queued, failsAt, keys, estimate }: Warning): WarningView {
  return {
    code,
    message,
    until: isoTimeOrNull(until),
    queued,
    failsAt: isoTime(failsAt),
    ...(keys === undefined ? {} : { keys: { ...keys, coolingUntil: isoTimeOrNull(keys.coolingUntil) } }),
    ...(estimate === undefined ? {} : { estimate: estimateView(estimate) }),
  };
}

function estimateView({ before, late, slots, ...rest }: NonNullable<Warning['estimate']>) {
  const { wait, timeout, attempt, requestsPerMinute } = rest;
  return {
    before,
    waitMs: Math.round(wait),
    timeoutMs: Math.round(timeout),
    late,
    requestsPerMinute,
    slots,
    attemptMs: attempt === null ? null : Math.round(attempt),
  };
}
