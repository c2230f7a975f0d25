// The checks of WorkerPools: whether an operator serves them, their condition, their pause and their Secrets.

import { failed, passed, type Check } from '../../../jobs/doctor/check.ts';
import { resumePatch } from '../../../job/poolResource.ts';
import { conditionOf } from '../../../operator/resources/builtInKinds.ts';
import type { WorkerPool } from '../../../operator/resources/workerPool.ts';
import { secretProblem } from './secrets.ts';
import { actsWithin, type ClusterView } from './view.ts';

export function workerPoolChecks(view: ClusterView): Check[] {
  const served = new Set(view.operators.map(({ metadata }) => metadata.namespace));
  return view.pools.flatMap((pool) => {
    const { namespace } = pool.metadata;
    if (!served.has(namespace)) return [unserved(pool, view)];
    return namespace === view.namespace ? poolChecks(pool, view) : [];
  });
}

function unserved({ metadata: { name, namespace } }: WorkerPool, { namespace: place, operators }: ClusterView): Check {
  const label = `pool ${namespace}/${name}`;
  if (operators.length === 0 || place === undefined)
    return failed(label, `no operator runs for namespace ${namespace}`, 'See the check `operator`.');
  return failed(
    label,
    `no operator serves WorkerPools in namespace ${namespace}; that of the installation serves namespace ${place}`,
    `Create it in namespace ${place}, with allowedNamespaces: [${namespace}], and delete this one: \`kubectl delete workerpool ${name} -n ${namespace}\`.`,
  );
}

function poolChecks(pool: WorkerPool, view: ClusterView): Check[] {
  const { name, namespace, generation = 0 } = pool.metadata;
  const label = `pool ${name}`;
  const { status = {} } = pool;
  const ready = conditionOf(pool, 'Ready');
  const problems = [...secretProblems(pool, view)];
  if (ready === undefined || (status.observedGeneration ?? 0) < generation) {
    if (view.now > Date.parse(pool.metadata.creationTimestamp) + actsWithin) problems.push(notActedOn(pool));
  } else if (ready.status !== 'True' && problems.length === 0) {
    problems.push(failed(label, `${ready.reason}: ${ready.message}`, adviceOn(ready.reason, name, namespace)));
  }
  problems.push(...pauses(pool));
  return problems.length > 0 ? problems : [passed(label, ready?.message ?? 'just created')];
}

const notActedOn = ({ metadata: { name, namespace } }: WorkerPool): Check =>
  failed(
    `pool ${name}`,
    'the operator has not acted on its last change',
    `See the check \`operator\`: \`kubectl get deployments -n ${namespace} -l app.kubernetes.io/component=operator\`.`,
  );

function adviceOn(reason: string, name: string, namespace: string): string {
  if (reason === 'RolloutStuck' || reason === 'PodsRefused' || reason === 'Starting')
    return `See the check \`workers of ${name}\`.`;
  if (reason === 'NatsUnavailable') return 'See the check `nats`.';
  if (reason === 'NoReplicas') return `\`kubectl scale workerpool/${name} -n ${namespace} --replicas=1\``;
  return `\`kubectl describe workerpool ${name} -n ${namespace}\``;
}

function pauses(pool: WorkerPool): Check[] {
  const { metadata, spec } = pool;
  const { name, namespace } = metadata;
  const paused = conditionOf(pool, 'Paused');
  if (spec?.paused === true) {
    const advice = `Resume it: \`${resumePatch(name, namespace)}\`.`;
    return [failed(`pool ${name}`, 'paused by spec.paused: no task starts', advice)];
  }
  if (paused?.status !== 'True') return [];
  return [
    failed(`pool ${name}`, `${paused.message}: no task starts`, `Resume it: \`kubectl genwarden resume ${name}\`.`),
  ];
}

/** The first one of the pool's keys, whether or not the operator could say it. */
function secretProblems({ metadata: { name, namespace }, spec }: WorkerPool, view: ClusterView): Check[] {
  const found = (spec?.keys ?? []).flatMap(
    ({ secretKeyRef }) =>
      secretProblem(view, secretKeyRef, { label: `pool ${name}`, namespace, value: 'API-KEY' }) ?? [],
  );
  return found.slice(0, 1);
}
