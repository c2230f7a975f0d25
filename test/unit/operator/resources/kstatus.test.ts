// What tools that follow kstatus make of our resources: InProgress while something is to come, Current when it is done, Failed
// when somebody has to act.
import { describe, expect, test } from 'vitest';
import { jobKstatus, poolKstatus, setWithKstatus } from '../../../../src/operator/resources/kstatus.ts';
import type { Condition, NewCondition } from '../../../../src/operator/resources/conditions.ts';
import { definitions } from '../../../../hack/resources/definitions.ts';

interface Resource {
  readonly metadata: { readonly generation: number; readonly deletionTimestamp?: string };
  readonly status: { readonly observedGeneration?: number; readonly conditions?: readonly Condition[] };
}

/** `Compute` of sigs.k8s.io/cli-utils/pkg/kstatus/status for kinds that it does not know. */
function kstatus({ metadata, status }: Resource): 'Terminating' | 'InProgress' | 'Failed' | 'Current' {
  const is = (type: string): string | undefined => status.conditions?.find((each) => each.type === type)?.status;
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (status.observedGeneration !== undefined && status.observedGeneration !== metadata.generation) return 'InProgress';
  if (is('Reconciling') === 'True') return 'InProgress';
  if (is('Stalled') === 'True') return 'Failed';
  return is('Ready') === 'False' || is('Ready') === 'Unknown' ? 'InProgress' : 'Current';
}

const now = '2026-11-29T12:00:00.000Z';

/** After one status after another. */
function judged(statuses: readonly (readonly NewCondition[])[]): string {
  let conditions: Condition[] = [];
  for (const each of statuses) conditions = setWithKstatus(conditions, each, 1, now);
  return kstatus({ metadata: { generation: 1 }, status: { observedGeneration: 1, conditions } });
}

describe('a GenerationJob', () => {
  const job = (finished: boolean, complete: boolean, reason: string): NewCondition[] => {
    const holds = (yes: boolean) => ({ status: yes ? ('True' as const) : ('False' as const), reason, message: reason });
    const own = [
      { type: 'Complete', ...holds(complete) },
      { type: 'Failed', ...holds(finished && !complete) },
      { type: 'Finished', ...holds(finished) },
    ];
    return [...own, ...jobKstatus(own)];
  };
  const open = job(false, false, 'Running');
  const complete = job(true, true, 'Succeeded');
  const failed = job(true, false, 'AttemptTimeout');

  test.each([
    ['open', [open], 'InProgress'],
    ['complete', [open, complete], 'Current'],
    ['failed', [open, failed], 'Failed'],
    ['open again by a retry', [open, failed, open], 'InProgress'],
    ['complete after a retry', [failed, open, complete], 'Current'],
  ])('%s', (_what, statuses, expected) => {
    expect(judged(statuses)).toBe(expected);
  });
});

describe('a WorkerPool', () => {
  const pool = (status: 'True' | 'False', reason: string): NewCondition[] => {
    const own = [{ type: 'Ready', status, reason, message: reason }];
    return [...own, ...poolKstatus(own)];
  };

  test.each([
    [[pool('False', 'Starting')], 'InProgress'],
    [[pool('False', 'SecretNotFound')], 'InProgress'],
    [[pool('False', 'Starting'), pool('True', 'Available')], 'Current'],
    [[pool('True', 'ScaledToZero')], 'Current'],
    [[pool('False', 'InvalidSpec')], 'Failed'],
    [[pool('False', 'InvalidSpec'), pool('False', 'Starting')], 'InProgress'],
    [[pool('False', 'NameTaken'), pool('True', 'Available')], 'Current'],
    [[pool('False', 'NoReplicas')], 'InProgress'],
  ])('%#: %j is %s', (statuses, expected) => {
    expect(judged(statuses)).toBe(expected);
  });
});

test('a resource that the operator has not seen is in progress, by the default of its status', () => {
  for (const { spec } of definitions()) {
    const status = spec.versions[0]!.schema.openAPIV3Schema.properties!['status']!['default'] as Resource['status'];
    expect(kstatus({ metadata: { generation: 1 }, status })).toBe('InProgress');
  }
});
