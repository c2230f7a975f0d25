// The worker's series whose labels are known begin at 0: Prometheus sees no increase in a series that begins above it.

import { keyFailures } from '../job/errors/failureKinds.ts';
import { modelLabels } from '../telemetry/labels.ts';
import type { WorkerOptions } from './options.ts';

/** What became of an attempt. `recalled`: the task no longer belonged to the worker. */
export const attemptOutcomes = [
  'succeeded',
  'needs_review',
  'failed',
  'waiting',
  'requeued',
  'recalled',
  'refused',
  'unanswered',
] as const;
export type AttemptOutcome = (typeof attemptOutcomes)[number];

/** What providers answer most. A series of any other code begins with its first answer. */
const usualCodes = ['200', '400', '403', '429', '500', '503', 'error'];

type Options = Pick<WorkerOptions, 'metrics' | 'pool' | 'models' | 'prices'> & {
  readonly provider: { readonly name: string };
};

export function beginAtZero({ metrics, pool, provider, models = [], prices = {} }: Options): void {
  for (const model of modelLabels(models)) {
    const called = { provider: provider.name, model };
    for (const outcome of attemptOutcomes) {
      metrics.attempts.inc({ pool, ...called, outcome }, 0);
      metrics.paidCalls.inc({ pool, ...called, outcome }, 0);
    }
    metrics.attemptDuration.zero({ pool, ...called, outcome: 'succeeded' });
    for (const code of usualCodes) metrics.providerRequests.inc({ ...called, code }, 0);
    for (const direction of ['input', 'output']) metrics.tokens.inc({ ...called, direction }, 0);
    if (model in prices) metrics.cost.inc({ pool, ...called }, 0);
  }
  for (const outcome of ['passed', 'flagged', 'failed']) metrics.resultChecks.inc({ pool, outcome }, 0);
  for (const cause of keyFailures) metrics.keyCooldowns.inc({ pool, cause }, 0);
  for (const operation of ['put', 'read'])
    for (const outcome of ['ok', 'unavailable', 'failed']) metrics.artifactStoreRequests.inc({ operation, outcome }, 0);
}
