// Creates the installation's first WorkerPool from a file, and applies it again only when the file changes, so that manual
// edits survive until then. A chart cannot contain a resource whose CRD it installs itself.

import { createHash } from 'node:crypto';
import { z } from 'zod';
import { readTextFile } from '../config/textFile.ts';
import { parseExactJson } from '../job/json/exact.ts';
import { GenwardenError } from '../job/errors/index.ts';
import { logEvent } from '../job/logEvents/index.ts';
import type { Cluster, KubeObject, OwnerReference, ResourceKey } from '../ports/kubernetes.ts';
import type { OperatorContext } from './context.ts';
import { configMapType } from './resources/builtInKinds.ts';
import { apiVersion, group, workerPoolType } from './resources/kinds.ts';
import { workerPoolSpec } from './resources/workerPool.ts';
import type { Controller } from './runtime/controller.ts';

/** The hash of the file from which the pool was last applied. */
export const hashAnnotation = 'genwarden.dev/default-pool';

/** Requeue delay in ms while Kubernetes garbage-collects the pool of an earlier installation. */
const beingDeletedAgain = 1_000;

export function defaultPoolController(file: DefaultPool): (context: OperatorContext) => Controller {
  return (context) => {
    const key: ResourceKey = { namespace: context.namespace, name: file.pool.metadata.name };
    return {
      name: 'defaultpool',
      start: async (enqueue) => enqueue(key),
      reconcile: () => keepDefaultPool(context, file, key),
    };
  };
}

async function keepDefaultPool(
  { cluster, logger }: OperatorContext,
  file: DefaultPool,
  key: ResourceKey,
): Promise<{ requeueAfterMs: number } | undefined> {
  const owner = await ownerOf(cluster, file, key);
  const found = await cluster.get<KubeObject>(workerPoolType, key);
  if (found?.metadata.deletionTimestamp !== undefined) return { requeueAfterMs: beingDeletedAgain };
  const hash = hashOf(file);
  const why = found === undefined ? undefined : whyLeft(found, hash, owner);
  if (why === undefined) await apply(cluster, file, key, hash, owner);
  const result = why === undefined ? 'applied' : `left unchanged: ${why}`;
  logEvent(logger, 'default_pool_applied', { pool: key.name }, `Default pool ${key.name} ${result}`);
  return undefined;
}

/** The ConfigMap of the release owns the pool, so that uninstalling deletes the pool and its workers. */
async function ownerOf(
  cluster: Cluster,
  { ownerConfigMap: name }: DefaultPool,
  { namespace }: ResourceKey,
): Promise<OwnerReference | undefined> {
  if (name === undefined) return undefined;
  const found = await cluster.get<KubeObject>(configMapType, { namespace, name });
  if (found === undefined) throw new Error(`ConfigMap ${name}, the owner of the default pool, does not exist`);
  return { apiVersion: 'v1', kind: 'ConfigMap', name, uid: found.metadata.uid };
}

/** Why the pool is left unchanged; undefined if it must be applied. */
function whyLeft({ metadata }: KubeObject, hash: string, owner: OwnerReference | undefined): string | undefined {
  const made = metadata.annotations?.[hashAnnotation];
  if (made === undefined) return 'the installation did not create it';
  const isOwned = owner === undefined || (metadata.ownerReferences ?? []).some(({ uid }) => uid === owner.uid);
  return made === hash && isOwned ? 'its file did not change' : undefined;
}

async function apply(
  cluster: Cluster,
  { pool }: DefaultPool,
  { namespace }: ResourceKey,
  hash: string,
  owner: OwnerReference | undefined,
): Promise<void> {
  const annotations = { ...pool.metadata.annotations, [hashAnnotation]: hash };
  const owners = owner === undefined ? {} : { ownerReferences: [owner] };
  const metadata = { ...pool.metadata, namespace, annotations, ...owners };
  await cluster.apply(workerPoolType, { ...pool, apiVersion, metadata });
}

/** Of the first version: a pool that differs only by its version is left as it is, with what people changed in it. */
const hashOf = ({ pool }: DefaultPool): string =>
  createHash('sha256')
    .update(JSON.stringify({ ...pool, apiVersion: `${group}/v1alpha1` }))
    .digest('hex');

const labels = z.record(z.string(), z.string()).default({});

const defaultPool = z.strictObject({
  /** A ConfigMap in the same namespace that owns the pool. */
  ownerConfigMap: z.string().min(1).optional(),
  pool: z.strictObject({
    apiVersion: z.templateLiteral([`${group}/`, z.string()]),
    kind: z.literal(workerPoolType.kind),
    metadata: z.strictObject({ name: z.string().min(1), labels, annotations: labels }),
    // Passed on without defaults; the API server fills those in.
    spec: z.custom<object>().superRefine((spec, context) => {
      for (const { path, message } of workerPoolSpec.safeParse(spec).error?.issues ?? [])
        context.addIssue({ code: 'custom', path: [...path], message });
    }),
  }),
});

export type DefaultPool = z.infer<typeof defaultPool>;

/** Throws `InvalidConfiguration` with every problem and its path. */
export function readDefaultPool(path: string): DefaultPool {
  const problems: string[] = [];
  try {
    const parsed = defaultPool.safeParse(parseExactJson(readTextFile(path)));
    if (parsed.success) return parsed.data;
    problems.push(...parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`));
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  throw new GenwardenError('InvalidConfiguration', `GENWARDEN_DEFAULT_POOL_FILE=${path}: ${problems.join('; ')}`, {
    details: { problems },
  });
}
