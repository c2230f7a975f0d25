// What tools that follow kstatus make of our resources: InProgress while something is to come, Current when it is done, Failed
// when somebody has to act.
import { expect, test } from 'vitest';
import { type JudgedResource, kstatusCases } from './kstatusCases.ts';

/** `Compute` of sigs.k8s.io/cli-utils/pkg/kstatus/status for kinds that it does not know. */
function kstatus({ metadata, status }: JudgedResource): 'Terminating' | 'InProgress' | 'Failed' | 'Current' {
  const is = (type: string): string | undefined => status.conditions?.find((each) => each.type === type)?.status;
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (status.observedGeneration !== undefined && status.observedGeneration !== metadata.generation) return 'InProgress';
  if (is('Reconciling') === 'True') return 'InProgress';
  if (is('Stalled') === 'True') return 'Failed';
  return is('Ready') === 'False' || is('Ready') === 'Unknown' ? 'InProgress' : 'Current';
}

test.each(kstatusCases)('$what: $expected', ({ resource, expected }) => {
  expect(kstatus(resource)).toBe(expected);
});
