// Persistent volumes where the cluster has nobody who makes them: folders on the node, which is this machine.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Any, kubectl, listObjects } from './kubectl.ts';
import { run } from './run.ts';

export interface TestVolume {
  /** Removes volume and data; the claim must be gone or going. */
  remove(): Promise<void>;
}

/**
 * A volume for the claim of this name, to be made before the claim is. Does nothing where the cluster has a default
 * StorageClass; throws where it has none and `TEST_CLUSTER_FOLDER`, a folder that the node shares, is not set.
 */
export async function provideVolume(namespace: string, claim: string, size = '10Gi'): Promise<TestVolume> {
  if (await hasDefaultClass()) return { remove: async () => undefined };
  const shared = process.env['TEST_CLUSTER_FOLDER'];
  if (shared === undefined)
    throw new Error('the cluster has no default StorageClass, and TEST_CLUSTER_FOLDER is not set');
  const name = `${namespace}-${claim}`;
  const folder = join(shared, 'volumes', name);
  await mkdir(folder, { recursive: true });
  await run('kubectl', ['apply', '-f', '-'], { input: JSON.stringify(volume(name, folder, size, namespace, claim)) });
  return {
    remove: async () => {
      await kubectl('delete', 'pv', name, '--wait=false', '--ignore-not-found');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function hasDefaultClass(): Promise<boolean> {
  const classes = await listObjects('storageclass', 'default');
  return classes.some(
    ({ metadata }) => metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true',
  );
}

/** Of kind `local`, not `hostPath`: only there does the kubelet give the files to the pod's group. */
const volume = (name: string, folder: string, size: string, namespace: string, claim: string): Any => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name },
  spec: {
    capacity: { storage: size },
    accessModes: ['ReadWriteOnce'],
    persistentVolumeReclaimPolicy: 'Retain',
    claimRef: { namespace, name: claim },
    local: { path: folder },
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/os', operator: 'In', values: ['linux'] }] }],
      },
    },
  },
});
