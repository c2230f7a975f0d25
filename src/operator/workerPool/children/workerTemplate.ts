// The pod template of a pool's workers: the installation's template, overlaid with the settings of the pool and the operator.

import { withoutUndefined } from '../../../job/withoutUndefined.ts';
import { z } from 'zod';
import { type Duration, formatDuration, parseDuration } from '../../../job/duration.ts';
import { checkTimeout } from '../../../job/resultCheck.ts';
import type { WorkerPoolSpec } from '../../resources/workerPool.ts';
import { childName, labelsOf } from './names.ts';
import { keysFolder } from './poolFile.ts';

const named = z.looseObject({ name: z.string().min(1) });
const texts = z.record(z.string(), z.string());
const container = z.looseObject({
  name: z.string().min(1),
  env: z.array(named).optional(),
  envFrom: z.array(z.unknown()).optional(),
  volumeMounts: z.array(named).optional(),
});
/** Of the Deployment around the pods. */
const deployment = z.strictObject({
  annotations: texts.optional(),
  strategy: z.looseObject({}).optional(),
  revisionHistoryLimit: z.int().nonnegative().optional(),
});
const template = z.looseObject({
  deployment: deployment.optional(),
  metadata: z.looseObject({ labels: texts.optional(), annotations: texts.optional() }).optional(),
  spec: z.looseObject({
    containers: z
      .array(container)
      .refine((all) => all.some(({ name }) => name === 'worker'), 'must have a container named worker'),
    tolerations: z.array(z.looseObject({ key: z.string().optional() })).optional(),
    volumes: z.array(named).optional(),
  }),
});

export type WorkerTemplate = z.output<typeof template>;
type Container = z.output<typeof container>;

export type ParsedTemplate = { readonly template: WorkerTemplate } | { readonly problem: string };

/** The installation's template, or its problem and the remedy. */
export function parseTemplate(given: object | undefined): ParsedTemplate {
  if (given === undefined) {
    return {
      problem: 'The operator has no pod template for workers; set GENWARDEN_WORKER_TEMPLATE_FILE (the chart sets it)',
    };
  }
  const parsed = template.safeParse(given);
  if (parsed.success) return { template: parsed.data };
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  return { problem: `GENWARDEN_WORKER_TEMPLATE_FILE is not a valid pod template for workers: ${problems}` };
}

/** The literal value of an environment variable in the installation's template. */
export function variableOf({ spec }: WorkerTemplate, name: string): string | undefined {
  const found = spec.containers.find(isWorker)?.env?.find((variable) => variable.name === name);
  return typeof found?.['value'] === 'string' ? found['value'] : undefined;
}

/** Overlays the installation's template with the pool's; `annotations` are those of the operator. */
export function workerTemplate(
  base: WorkerTemplate,
  pool: string,
  spec: WorkerPoolSpec,
  annotations: Readonly<Record<string, string>>,
): object {
  const overlay = spec.template ?? {};
  const { nodeSelector, affinity, topologySpreadConstraints, priorityClassName, imagePullSecrets } = overlay;
  const tolerations = tolerationsOf(base.spec.tolerations, overlay.tolerations);
  const scheduling = { nodeSelector, tolerations, affinity, topologySpreadConstraints, priorityClassName };
  return {
    ...withoutUndefined({ ...base, deployment: undefined }),
    metadata: {
      ...base.metadata,
      labels: { ...base.metadata?.labels, ...overlay.labels, ...labelsOf(pool) },
      annotations: { ...base.metadata?.annotations, ...overlay.annotations, ...annotations },
    },
    spec: {
      ...base.spec,
      ...withoutUndefined({ ...scheduling, imagePullSecrets }),
      containers: base.spec.containers.map((one) => (isWorker(one) ? workerContainer(one, pool, spec) : one)),
      volumes: byName(base.spec.volumes, volumesOf(pool, spec)),
      terminationGracePeriodSeconds: terminationGrace(spec),
    },
  };
}

type Toleration = NonNullable<WorkerTemplate['spec']['tolerations']>[number];

/**
 * Those of the pool replace those of the installation, except how long a pod tolerates the loss of its node: that stays unless the
 * pool sets it, because Kubernetes' default is ten times as long.
 */
function tolerationsOf(base: readonly Toleration[] = [], pool: readonly Toleration[] | undefined) {
  if (pool === undefined) return undefined;
  const isSet = ({ key }: Toleration): boolean => pool.some((one) => one.key === undefined || one.key === key);
  const ofLoss = ({ key }: Toleration): boolean => /^node\.kubernetes\.io\/(not-ready|unreachable)$/.test(key ?? '');
  return [...pool, ...base.filter((one) => ofLoss(one) && !isSet(one))];
}

const isWorker = ({ name }: Container): boolean => name === 'worker';

function workerContainer(base: Container, pool: string, spec: WorkerPoolSpec): object {
  const { resources, env = [], envFrom = [] } = spec.template ?? {};
  const ours = [
    { name: 'GENWARDEN_POOL', value: pool },
    { name: 'GENWARDEN_POOLS_FILE', value: '/etc/genwarden/pool/pools.json' },
    { name: 'GENWARDEN_DRAIN_TIMEOUT', value: formatDuration(drainTimeout(spec)) },
  ];
  const mounts = [
    { name: 'genwarden-pool', mountPath: '/etc/genwarden/pool', readOnly: true },
    ...(spec.keys.length === 0 ? [] : [{ name: 'genwarden-keys', mountPath: keysFolder, readOnly: true }]),
  ];
  const sources = [...(base.envFrom ?? []), ...envFrom];
  return {
    ...base,
    ...withoutUndefined({ resources }),
    env: byName(byName(base.env, env.map(withoutUndefined)), ours),
    ...(sources.length === 0 ? {} : { envFrom: sources }),
    volumeMounts: byName(base.volumeMounts, mounts),
  };
}

interface Volume {
  readonly name: string;
  readonly [source: string]: unknown;
}

function volumesOf(pool: string, { keys }: WorkerPoolSpec): Volume[] {
  const configMap: Volume = { name: 'genwarden-pool', configMap: { name: childName(pool) } };
  if (keys.length === 0) return [configMap];
  const sources = keys.map(({ secretKeyRef: { name, key } }, index) => {
    return { secret: { name, items: [{ key, path: String(index) }] } };
  });
  return [configMap, { name: 'genwarden-keys', projected: { sources } }];
}

/** An item of `second` replaces the item of `first` with the same name. */
function byName(first: readonly { name: string }[] = [], second: readonly { name: string }[]): { name: string }[] {
  return [...new Map([...first, ...second].map((one) => [one.name, one])).values()];
}

/** The longest default attemptTimeout, ms; see `policyFor`. */
const defaultAttempt = 120_000;
/** Time to store the artifacts of an attempt that ends at the last moment, ms. */
const storing = 15_000;
/** The maximum of `GENWARDEN_DRAIN_TIMEOUT`, ms. */
const longestDrain = 3_600_000;
/** Time to requeue unfinished tasks and close connections, ms. */
const closing = 15_000;

/**
 * ms. A job may have a longer attemptTimeout than its pool; its task is then requeued, and the attempt does not count. A job may
 * have a check that its pool lacks; its result is then reviewed unchecked.
 */
export function drainTimeout({ policy }: Pick<WorkerPoolSpec, 'policy'>): Duration {
  const attempt = parseDuration(policy?.attemptTimeout ?? '') ?? defaultAttempt;
  const check = policy?.check === undefined ? 0 : checkTimeout;
  return Math.min(attempt + check + storing, longestDrain);
}

/** Seconds until Kubernetes kills the worker. */
export const terminationGrace = (spec: Pick<WorkerPoolSpec, 'policy'>): number =>
  Math.ceil((drainTimeout(spec) + closing) / 1_000);
