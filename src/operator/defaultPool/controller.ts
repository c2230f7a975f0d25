// The installation's first WorkerPool: made from a file of the installation, and again only when the file says something
// new, so that what somebody changed by hand stays until then. A chart cannot hold a resource whose kind it defines itself.

import { createHash } from 'node:crypto';
import type { KubeController } from '../controller.ts';
import type { KubeObject, ResourceKey } from '../kube/cluster.ts';
import type { OperatorParts } from '../parts.ts';
import { workerPoolType } from '../resources/kinds.ts';
import { configMapType } from '../workerPool/observe/kubeTypes.ts';
import type { DefaultPool } from './poolFile.ts';

/** Says from which file contents the pool was made. */
export const hashAnnotation = 'genwarden.dev/default-pool';

/** ms; Kubernetes is about to collect what an installation of before had left. */
const beingDeletedAgain = 1_000;

export function defaultPoolController(file: DefaultPool): (parts: OperatorParts) => KubeController {
  return ({ cluster, namespace, logger }) => {
    const key: ResourceKey = { namespace, name: file.pool.metadata.name };
    const leave = (why: string): undefined => {
      logger.info({ pool: key.name }, `The default pool ${key.name} is left as it is: ${why}`);
      return undefined;
    };
    const reconcile = async (): Promise<{ lookAgainInMs: number } | undefined> => {
      const owner = await ownerOf(file);
      const found = await cluster.get<KubeObject>(workerPoolType, key);
      if (found?.metadata.deletionTimestamp !== undefined) return { lookAgainInMs: beingDeletedAgain };
      const hash = hashOf(file);
      if (found !== undefined) {
        const { annotations, ownerReferences = [] } = found.metadata;
        if (annotations?.[hashAnnotation] === undefined) return leave('the installation did not make it');
        const isOwned = ownerReferences.some(({ uid }) => uid === owner?.uid);
        if (annotations[hashAnnotation] === hash && (owner === undefined || isOwned))
          return leave('its file is the same');
      }
      await cluster.apply(workerPoolType, {
        ...file.pool,
        metadata: {
          ...file.pool.metadata,
          namespace,
          annotations: { ...file.pool.metadata.annotations, [hashAnnotation]: hash },
          ...(owner === undefined ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', ...owner }] }),
        },
      });
      logger.info({ pool: key.name }, `Applied the default pool ${key.name}`);
      return undefined;
    };
    /** With the release’s ConfigMap the pool goes, and its workers. */
    const ownerOf = async ({
      ownerConfigMap: name,
    }: DefaultPool): Promise<{ name: string; uid: string } | undefined> => {
      if (name === undefined) return undefined;
      const found = await cluster.get<KubeObject>(configMapType, { namespace, name });
      if (found === undefined) throw new Error(`There is no ConfigMap ${name}, which owns the default pool`);
      return { name, uid: found.metadata.uid };
    };
    return {
      name: 'defaultpool',
      start: async (enqueue) => enqueue(key),
      reconcile,
    };
  };
}

const hashOf = ({ pool }: DefaultPool): string => createHash('sha256').update(JSON.stringify(pool)).digest('hex');
