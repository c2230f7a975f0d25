// The check of each component: its Deployment or StatefulSet, and the pods of it that do not run.

import { failed, passed, type Check } from '../../../jobs/doctor/check.ts';
import { count } from '../../../job/explain/format.ts';
import { conditionOf } from '../../../operator/resources/builtInKinds.ts';
import { componentOf, type Pod, type Workload } from './kinds.ts';
import { latest, podCause, timeOf, type Cause } from './podCause.ts';
import type { ClusterView } from './view.ts';

/** What every installation has. NATS may be outside the cluster. */
const needed = ['api', 'controller', 'operator'] as const;
/** NATS first: without it nothing else is ready. */
const order = ['nats', 'operator', 'api', 'controller', 'worker'];

export function componentChecks(view: ClusterView): Check[] {
  const { workloads, namespace } = view;
  const rank = (one: Workload): number => (order.indexOf(componentOf(one)) + order.length) % order.length;
  const checks = workloads
    .toSorted((one, two) => rank(one) - rank(two))
    .map((one) => [one, checkOf(one, view)] as const);
  const missing = needed.filter((name) => !workloads.some((one) => componentOf(one) === name));
  const natsIsDown = checks.some(([one, { check }]) => componentOf(one) === 'nats' && !check.ok);
  return [
    ...missing.map((name) => failed(name, `namespace ${namespace} has no Deployment of the ${name}`, reinstall)),
    ...checks.map(([, { check, isEffect }]) =>
      isEffect && natsIsDown ? failed(check.name, 'not ready, because NATS is not', 'See the check `nats`.') : check,
    ),
  ];
}

const reinstall = 'Install it again: `helm upgrade --install` with the values of the installation (`helm get values`).';

interface Judged {
  readonly check: Check;
  readonly isEffect: boolean;
}

/** A worker's Deployment is that of a pool. */
const nameOf = (one: Workload): string => {
  const pool = one.metadata.labels?.['genwarden.dev/pool'];
  return pool === undefined ? componentOf(one) : `workers of ${pool}`;
};

function checkOf(one: Workload, view: ClusterView): Judged {
  const { spec, status = {} } = one;
  const desired = spec.replicas ?? 1;
  const { readyReplicas: ready = 0 } = status;
  const name = nameOf(one);
  const says = `${ready} of ${count(desired, 'pod')} ready`;
  const sound = (check: Check): Judged => ({ check, isEffect: false });
  if (desired === 0) return sound(scaledToZero(one, name));
  const causes = [...refusals(one, view), ...podCauses(one, view)];
  const [first, ...others] = causes.toSorted((a, b) => Number(a.isEffect ?? false) - Number(b.isEffect ?? false));
  if (first === undefined) {
    if (ready >= desired) return sound(passed(name, says));
    return { check: failed(name, says, rollout(one)), isEffect: true };
  }
  const more = others.length === 0 ? '' : `; and ${count(others.length, 'more pod')}`;
  // A pod that only waits, or is being replaced, next to enough ready ones.
  if (first.isEffect === true && ready >= desired) return sound(passed(name, says));
  return { check: failed(name, `${says}. ${first.says}${more}`, first.advice), isEffect: first.isEffect === true };
}

function scaledToZero(one: Workload, name: string): Check {
  // A pool may need no worker now; its own check judges that.
  if (componentOf(one) === 'worker') return passed(name, 'no pod is wanted now');
  const { metadata, kind } = one;
  const command = `kubectl scale ${kind.toLowerCase()}/${metadata.name} -n ${metadata.namespace} --replicas=1`;
  return failed(
    name,
    `${kind} ${metadata.name} is scaled to 0`,
    `\`${command}\`, or correct its replicas in the values.`,
  );
}

const rollout = ({ kind, metadata }: Workload): string =>
  `\`kubectl rollout status ${kind.toLowerCase()}/${metadata.name} -n ${metadata.namespace}\``;

/** Why pods cannot even be created: a quota, Pod Security, an admission webhook, a service account. */
function refusals(one: Workload, view: ClusterView): Cause[] {
  const { replicas = 0 } = one.status ?? {};
  const failure = conditionOf(one, 'ReplicaFailure');
  const isShort = replicas < (one.spec.replicas ?? 1) || failure?.status === 'True';
  if (!isShort) return [];
  const said = failure?.status === 'True' ? failure.message : failedCreate(one, view)?.message;
  return said === undefined ? [] : [{ says: `Pods cannot be created: ${said}`, advice: adviceOnRefusal(said, one) }];
}

/** ms: the controllers of Kubernetes repeat the event at least this often. */
const recently = 20 * 60_000;

const failedCreate = ({ metadata }: Workload, { events, now }: ClusterView) =>
  latest(
    events.filter(
      (event) =>
        event.reason === 'FailedCreate' &&
        (event.involvedObject.name === metadata.name || event.involvedObject.name.startsWith(`${metadata.name}-`)) &&
        timeOf(event) > now - recently,
    ),
  );

function adviceOnRefusal(message: string, { metadata: { namespace } }: Workload): string {
  const quota = /exceeded quota: ([^,\s]+)/.exec(message)?.[1];
  if (quota !== undefined) {
    return `Raise the quota, or lower requests, limits or replicas: \`kubectl describe resourcequota ${quota} -n ${namespace}\`.`;
  }
  if (message.includes('failed quota'))
    return `Set the requests and limits that the quota demands: \`kubectl describe resourcequota -n ${namespace}\`.`;
  if (message.includes('violates PodSecurity'))
    return `The namespace enforces Pod Security: \`kubectl get namespace ${namespace} --show-labels\`. The pods of the chart pass "restricted"; check extra containers and security contexts of the values.`;
  const webhook = /admission webhook "([^"]+)"/.exec(message)?.[1];
  if (webhook !== undefined)
    return `The admission webhook ${webhook} refuses them: \`kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations\`.`;
  return `\`kubectl get events -n ${namespace} --field-selector reason=FailedCreate\``;
}

function podCauses(one: Workload, view: ClusterView): Cause[] {
  return view.pods
    .filter((pod) => belongsTo(pod, one))
    .flatMap((pod) => {
      const cause = podCause(pod, view);
      return cause === undefined ? [] : [{ ...cause, says: `Pod ${pod.metadata.name}: ${cause.says}` }];
    });
}

/** The pods of a Deployment have the name of its ReplicaSet, and that of a StatefulSet its own. */
function belongsTo({ metadata }: Pod, one: Workload): boolean {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return false;
  if (owner.kind === 'ReplicaSet') return owner.name.replace(/-[a-z0-9]+$/, '') === one.metadata.name;
  return owner.kind === one.kind && owner.name === one.metadata.name;
}
