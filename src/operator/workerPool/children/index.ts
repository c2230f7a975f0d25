// The children of a WorkerPool, each with the fields that the operator owns.

import { createHash } from 'node:crypto';
import { withoutUndefined } from '../../../job/withoutUndefined.ts';
import type { ApplyConfiguration, ObjectMeta } from '../../../ports/kubernetes.ts';
import type { WorkerPoolSpec } from '../../resources/workerPool.ts';
import { childName, configHash, keysHash, labelsOf, ownerReference, selectorOf } from './names.ts';
import { poolsFile, runtimePart } from './poolFile.ts';
import { workerTemplate, type WorkerTemplate } from './workerTemplate.ts';

export interface PoolToBuild {
  readonly metadata: ObjectMeta;
  readonly spec: WorkerPoolSpec;
  readonly template: WorkerTemplate;
  /** A hash of the API keys. */
  readonly keysHash: string;
  readonly replicas: number;
}

export interface Children {
  readonly configMap: ApplyConfiguration;
  readonly deployment: ApplyConfiguration;
  readonly disruptionBudget: ApplyConfiguration;
}

export function childrenOf(pool: PoolToBuild): Children {
  return { configMap: configMap(pool), deployment: deployment(pool), disruptionBudget: disruptionBudget(pool) };
}

const metadataOf = ({ metadata }: PoolToBuild): ApplyConfiguration['metadata'] => ({
  name: childName(metadata.name),
  namespace: metadata.namespace,
  labels: labelsOf(metadata.name),
  ownerReferences: [ownerReference(metadata)],
});

function configMap(pool: PoolToBuild): ApplyConfiguration {
  const text = `${JSON.stringify(poolsFile(pool.metadata, pool.spec), null, 2)}\n`;
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadataOf(pool), data: { 'pools.json': text } };
}

function deployment(pool: PoolToBuild): ApplyConfiguration {
  const { name } = pool.metadata;
  const config = createHash('sha256')
    .update(JSON.stringify(runtimePart(pool.spec)))
    .digest('hex');
  const annotations = { [configHash]: config.slice(0, 32), [keysHash]: pool.keysHash };
  const { annotations: ofDeployment, ...fields } = pool.template.deployment ?? {};
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...metadataOf(pool), ...withoutUndefined({ annotations: ofDeployment }) },
    spec: {
      ...fields,
      replicas: pool.replicas,
      selector: { matchLabels: selectorOf(name) },
      template: workerTemplate(pool.template, name, pool.spec, annotations),
    },
  };
}

/**
 * Kubernetes rounds a percentage up, so one worker may always be evicted, even the only one (it drains). A worker that is not
 * ready never blocks an eviction.
 */
function disruptionBudget(pool: PoolToBuild): ApplyConfiguration {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadataOf(pool),
    spec: {
      maxUnavailable: '25%',
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: selectorOf(pool.metadata.name) },
    },
  };
}
