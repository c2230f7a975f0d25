// Why one pod does not run, or is not ready, and what to do about it.

import { addEntry } from './secrets.ts';
import type { ClusterView } from './view.ts';
import { conditionOf } from '../../../operator/resources/builtInKinds.ts';
import { type ContainerStatus, type KubeEvent, type Pod } from './kinds.ts';

export interface Cause {
  readonly says: string;
  readonly advice: string;
  /** The pod only waits for something else, such as NATS. */
  readonly isEffect?: true;
}

type Rule = (pod: Pod, view: ClusterView) => Cause | undefined;

/** Undefined: the pod is well. The first rule with a result decides. */
export function podCause(pod: Pod, view: ClusterView): Cause | undefined {
  for (const rule of rules) {
    const found = rule(pod, view);
    if (found !== undefined) return found;
  }
  return undefined;
}

const statusesOf = ({ status }: Pod): readonly ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

const describe = ({ metadata }: Pod): string => `\`kubectl describe pod ${metadata.name} -n ${metadata.namespace}\``;
const isReady = (pod: Pod): boolean => conditionOf(pod, 'Ready')?.status === 'True';

const evicted: Rule = (pod) => {
  const { phase, reason, message = '' } = pod.status ?? {};
  if (phase !== 'Failed' || reason === undefined) return undefined;
  return {
    says: `${reason}: ${message}`,
    advice: `Delete it once its node has room: \`kubectl delete pod ${pod.metadata.name} -n ${pod.metadata.namespace}\`. Raise the requests of its container.`,
  };
};

const terminating: Rule = (pod, { now }) => {
  const { deletionTimestamp, name, namespace } = pod.metadata;
  if (deletionTimestamp === undefined) return undefined;
  // The time until which the pod may take to end.
  if (now < Date.parse(deletionTimestamp) + 60_000) return { says: '', advice: '', isEffect: true };
  return {
    says: `Terminating since ${deletionTimestamp}: its node does not confirm the end`,
    advice: `Check the node: \`kubectl get nodes\`. If it is gone for good: \`kubectl delete pod ${name} -n ${namespace} --force\`.`,
  };
};

/** ms. A pod that was killed before and is ready again is well. */
const recently = 3_600_000;

/** Before any restart loop, because that would hide it. */
const outOfMemory: Rule = (pod, { now }) => {
  for (const status of statusesOf(pod)) {
    const ended = [status.state?.terminated, status.lastState?.terminated].find((one) => one?.reason === 'OOMKilled');
    if (ended === undefined || (isReady(pod) && now > Date.parse(ended.finishedAt ?? '') + recently)) continue;
    const limit = pod.spec.containers.find(({ name }) => name === status.name)?.resources?.limits?.memory;
    const times = status.restartCount ?? 0;
    const when = ended.finishedAt === undefined ? '' : `, last at ${ended.finishedAt}`;
    return {
      says: `OOMKilled: container ${status.name} exceeded its memory limit${limit === undefined ? '' : ` of ${limit}`} (${times} restarts${when})`,
      advice: `Raise resources.limits.memory of the component in the values, or of spec.template of its WorkerPool. Look closer: ${describe(pod)}.`,
    };
  }
  return undefined;
};

const waiting: Rule = (pod, view) => {
  for (const status of statusesOf(pod)) {
    const { reason, message = '' } = status.state?.waiting ?? {};
    if (reason === undefined || reason === 'ContainerCreating' || reason === 'PodInitializing') continue;
    if (reason === 'CrashLoopBackOff') return crashing(pod, status, view);
    return { says: `${reason}: ${message}`, advice: adviceOn(reason, message, pod) };
  }
  return undefined;
};

function crashing(pod: Pod, { name, lastState, restartCount = 0 }: ContainerStatus, { words }: ClusterView): Cause {
  const { exitCode, message } = lastState?.terminated ?? {};
  const said = words.get(pod.metadata.name) ?? lastLine(message);
  const why = said === undefined ? '' : `: ${said}`;
  return {
    says: `CrashLoopBackOff: container ${name} ended ${restartCount} times, last with code ${exitCode ?? '?'}${why}`,
    advice: `\`kubectl logs ${pod.metadata.name} -n ${pod.metadata.namespace} -c ${name} --previous\``,
  };
}

const lastLine = (text: string | undefined): string | undefined => text?.trim().split('\n').at(-1)?.slice(0, 400);

function adviceOn(reason: string, message: string, pod: Pod): string {
  const { namespace } = pod.metadata;
  if (reason.includes('Image')) {
    return `Check the name and tag of the image (image.repository, image.tag) and the pull secrets (image.pullSecrets): ${describe(pod)}.`;
  }
  return adviceOnSecret(message, namespace) ?? `Look closer: ${describe(pod)}.`;
}

/** The kubelet's words about a Secret that is missing or lacks an entry. */
function adviceOnSecret(message: string, namespace: string): string | undefined {
  const lacks =
    /couldn't find key (\S+) in Secret (?:\S+\/)?(\S+)/i.exec(message) ??
    /references non-existent secret key: (\S+)/.exec(message);
  if (lacks !== null) {
    const [, key = 'KEY', name = 'NAME'] = lacks;
    return `Add the entry: \`${addEntry({ name, key }, namespace, 'VALUE')}\`.`;
  }
  const missing = /secret "([^"]+)" not found/.exec(message);
  if (missing === null) return undefined;
  return `Create it: \`kubectl create secret generic ${missing[1]} -n ${namespace} --from-literal=KEY=VALUE\`. The values of the chart name its entries.`;
}

const unscheduled: Rule = (pod) => {
  const scheduled = conditionOf(pod, 'PodScheduled');
  if (scheduled?.status !== 'False') return undefined;
  return {
    says: `Pending, ${scheduled.reason ?? 'not scheduled'}: ${scheduled.message ?? ''}`,
    advice:
      scheduled.message?.includes('PersistentVolumeClaim') === true
        ? 'See the check `volumes`.'
        : `Make room on the nodes, or change requests, nodeSelector, affinity or tolerations: ${describe(pod)}; \`kubectl describe nodes\`.`,
  };
};

const setupReasons: ReadonlySet<string> = new Set(['FailedMount', 'FailedAttachVolume', 'FailedCreatePodSandBox']);

/** Stays in ContainerCreating: only events say why. */
const unmounted: Rule = (pod, { events }) => {
  if (isReady(pod) || !statusesOf(pod).some(({ state }) => state?.waiting !== undefined)) return undefined;
  const event = latest(
    events.filter(
      ({ involvedObject, reason = '' }) => involvedObject.name === pod.metadata.name && setupReasons.has(reason),
    ),
  );
  if (event === undefined) return undefined;
  const message = event.message ?? '';
  return {
    says: `${event.reason}: ${message}`,
    advice: adviceOnSecret(message, pod.metadata.namespace) ?? `Look closer: ${describe(pod)}.`,
  };
};

const ended: Rule = (pod) => {
  const status = statusesOf(pod).find(({ state, ready }) => ready !== true && (state?.terminated?.exitCode ?? 0) > 0);
  if (status === undefined) return undefined;
  const { exitCode, message } = status.state!.terminated!;
  return {
    says: `container ${status.name} ended with code ${exitCode}${message === undefined ? '' : `: ${lastLine(message)}`}`,
    advice: `\`kubectl logs ${pod.metadata.name} -n ${pod.metadata.namespace} -c ${status.name} --previous\``,
  };
};

const unready: Rule = (pod, { words, events }) => {
  if (isReady(pod)) return undefined;
  const said = words.get(pod.metadata.name);
  const probe = latest(
    events.filter(({ involvedObject, reason }) => involvedObject.name === pod.metadata.name && reason === 'Unhealthy'),
  );
  const why =
    said === undefined ? (probe?.message === undefined ? '' : `: ${probe.message}`) : `; its log says: ${said}`;
  return {
    says: `not ready${why}`,
    advice: `\`kubectl logs ${pod.metadata.name} -n ${pod.metadata.namespace}\``,
    ...(said === undefined || aboutNats.test(said) ? { isEffect: true } : {}),
  };
};

/** Such as `NATS does not answer`, but not what names a cause: a refused login, a certificate. */
const aboutNats = /^(?!.*(?:certificate|tls|authori[sz]|password|permission|credential)).*\bNATS\b/i;

const rules: readonly Rule[] = [terminating, evicted, outOfMemory, waiting, unscheduled, unmounted, ended, unready];

export const timeOf = ({ lastTimestamp, eventTime, metadata }: KubeEvent): number =>
  Date.parse(lastTimestamp ?? eventTime ?? metadata.creationTimestamp);

export const latest = (events: readonly KubeEvent[]): KubeEvent | undefined =>
  events.toSorted((one, two) => timeOf(two) - timeOf(one))[0];
