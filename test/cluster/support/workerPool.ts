// Creates WorkerPools for tests and reads their pods and conditions.
import type { InstalledGenwarden } from './genwarden.ts';
import { apply, getObject, listObjects, untilObject, type Any } from './kubectl.ts';

/** A pool that uses the stand-in, with one key in its own Secret. */
export async function applyPool(
  { namespace, fullname }: InstalledGenwarden,
  name: string,
  spec: object = {},
): Promise<void> {
  await applyKey(namespace, name, 'key-of-the-stand-in');
  const keys = [{ secretKeyRef: { name: `${name}-key`, key: 'api-key' }, requestsPerMinute: 6_000 }];
  const models = { image: ['gemini-3.1-flash-image'], text: ['gemini-2.5-flash'] };
  const baseUrl = `http://${fullname}-standin.${namespace}.svc`;
  const template = { resources: { requests: { cpu: '20m', memory: '64Mi' } } };
  const body = { apiVersion: 'genwarden.dev/v1alpha1', kind: 'WorkerPool', metadata: { name } };
  await apply({ ...body, spec: { models, keys, baseUrl, template, ...spec } }, namespace);
}

export async function applyKey(namespace: string, pool: string, value: string): Promise<void> {
  const stringData = { 'api-key': value };
  await apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: `${pool}-key` }, stringData }, namespace);
}

export const workersOf = (namespace: string, pool: string): Promise<Any[]> =>
  listObjects('pods', namespace, `genwarden.dev/pool=${pool}`);

/** The condition's status and reason, such as `True Available`. */
export function conditionOf({ status }: Any, type: string): string | undefined {
  const conditions = (status?.conditions ?? []) as { type: string; status: string; reason: string }[];
  const found = conditions.find((condition) => condition.type === type);
  return found === undefined ? undefined : `${found.status} ${found.reason}`;
}

export function untilCondition(
  namespace: string,
  pool: string,
  type: string,
  says: string,
  timeoutMs = 90_000,
): Promise<Any> {
  const what = `condition ${type} of pool ${pool} to be ${says}`;
  return untilObject('gwp', pool, namespace, (object) => conditionOf(object, type) === says, { what, timeoutMs });
}

export const replicasOf = async (namespace: string, pool: string): Promise<number> =>
  (await getObject('deployment', `genwarden-worker-${pool}`, namespace)).spec.replicas as number;
