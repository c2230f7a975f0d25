// Persistent volumes for a cluster without a provisioner: folders on the node, which is this machine.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Any, kubectl, listObjects } from './kubectl.ts';
import { run } from './run.ts';

export interface TestVolume {
  /** Removes the volume and its data; the claim must be deleted or terminating. */
  remove(): Promise<void>;
}

/**
 * A volume for the claim of this name; create it before the claim. Does nothing if the cluster has a default StorageClass.
 * Otherwise throws if `TEST_CLUSTER_FOLDER`, a folder that the node shares, is not set.
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
      // A pod that is ending may still write.
      await rm(folder, { recursive: true, force: true, maxRetries: 15, retryDelay: 200 });
    },
  };
}

async function hasDefaultClass(): Promise<boolean> {
  const classes = await listObjects('storageclass', 'default');
  return classes.some(
    ({ metadata }) => metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true',
  );
}

/** A `local` volume: the kubelet does not set the group of files in a `hostPath` volume. */
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
