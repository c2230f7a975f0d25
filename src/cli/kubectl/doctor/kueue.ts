// GenerationJobs that Kueue will not admit before somebody changes something. Those that only wait for quota are in order.

import { failed, type Check } from '../../../jobs/doctor/check.ts';
import { count } from '../../../job/explain/format.ts';
import { conditionOf, type GenerationJob, isFinished } from '../../../operator/resources/generationJob.ts';
import { named } from './names.ts';
import type { ClusterView } from './view.ts';

const adviceOn: Readonly<Record<string, string>> = {
  InadmissibleByKueue: 'See its queues: `kubectl get localqueues -n NAMESPACE`, `kubectl get clusterqueues`.',
  KueueNotInstalled: 'Install Kueue 0.15 or later, or remove the label kueue.x-k8s.io/queue-name.',
  KueueForbidden: '`helm upgrade … --set operator.kueue=true`.',
  KueueUnavailable: 'See the pods of Kueue: `kubectl get pods -n kueue-system`.',
  PriorityClassNotFound:
    'See `kubectl get workloadpriorityclasses`, or change the label kueue.x-k8s.io/priority-class.',
};

export function kueueChecks({ jobs }: ClusterView): Check[] {
  const held = jobs.filter(({ status }) => !isFinished(status) && adviceFor(status) !== undefined);
  const groups = Map.groupBy(held, ({ metadata, status }) => `${metadata.namespace} ${heldBy(status)!.message}`);
  return [...groups.values()].map((all) => {
    const { metadata, status } = all[0]!;
    const { reason, message } = heldBy(status)!;
    const says = `${count(all.length, 'GenerationJob')} (${named(all)}) ${all.length === 1 ? 'waits' : 'wait'}, ${reason}: ${message}`;
    return failed(`jobs of ${metadata.namespace}`, says, adviceOn[reason]!.replace('NAMESPACE', metadata.namespace));
  });
}

function heldBy(status: GenerationJob['status']) {
  const suspended = conditionOf(status, 'Suspended');
  return suspended?.status === 'True' ? suspended : undefined;
}

const adviceFor = (status: GenerationJob['status']): string | undefined => adviceOn[heldBy(status)?.reason ?? ''];
