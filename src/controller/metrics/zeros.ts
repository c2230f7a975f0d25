// The series of the leading controller whose labels are known before anything is counted: they begin at 0.

import type { PoolDeclaration } from '../../ports/poolRegistry.ts';
import { modelLabels } from '../../telemetry/labels.ts';
import type { ControllerMetrics } from '../../telemetry/metrics.ts';
import { invariants } from '../invariants.ts';
import type { Count } from './counts.ts';
import type { Ledger } from './ledger.ts';

const lossRules = ['WorkerLost', 'TaskOrphaned'] as const;

/** Of `job/rules`, and what becomes of a requeue without a request. */
export const reconciledRules: readonly string[] = [
  ...lossRules,
  'AttemptTimeout',
  'DeadlineExceeded',
  'DependenciesMet',
  'DependencyExtended',
  'DependencyFailed',
  'DependencyTimeout',
  'FallBack',
  'MessageLost',
  'QueueTimeout',
  'RetryDue',
  'ReviewTimeout',
  'RunTimeout',
  'SpecLost',
  'TargetBlocked',
];

const verdicts = ['written', 'refused', 'failed'] as const;

/** The most common reason of each outcome; the series of other reasons begin at 0 when they are first needed. */
const endings = { succeeded: 'Succeeded', failed: 'QueueTimeout', cancelled: 'Cancelled' } as const;

export function createKnownSeries(ledger: Ledger, { reconciliations }: ControllerMetrics): void {
  for (const invariant of invariants) ledger.create({ to: 'invariantViolations', labels: { invariant } });
  for (const rule of lossRules) ledger.create({ to: 'recoveryDuration', labels: { rule } });
  for (const rule of reconciledRules) for (const verdict of verdicts) reconciliations.inc({ rule, verdict }, 0);
}

export function createPoolSeries(ledger: Ledger, { name: pool, models }: PoolDeclaration): void {
  ledger.create({ to: 'taskQueueDuration', labels: { pool } });
  for (const kind of ['image', 'text'] as const) {
    if (models[kind].length === 0) continue;
    for (const [outcome, reason] of Object.entries(endings)) {
      ledger.create({ to: 'tasksFinished', labels: { pool, kind, outcome, reason } });
      ledger.create({ to: 'taskDuration', labels: { pool, kind, outcome } });
    }
  }
  for (const model of modelLabels([...models.image, ...models.text])) ledger.create(outageCount(pool, model));
}

const outageCount = (pool: string, model: string): Pick<Count, 'to' | 'labels'> => ({
  to: 'providerOutages',
  labels: { pool, model },
});
