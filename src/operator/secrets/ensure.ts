// Creates the Secrets of the installation that do not exist, and adds missing entries to those that do. It never changes an
// entry: users and other tools may have made the Secret, and programs use what is in it.

import { type Cluster, KubeError, type KubeObject, type OwnerReference } from '../../ports/kubernetes.ts';
import { configMapType, type Secret, secretType } from '../resources/builtInKinds.ts';
import { encoded, entryOf } from '../resources/secretData.ts';
import type { DescribedSecret, SecretsFile } from './file.ts';

export interface EnsureContext {
  readonly cluster: Pick<Cluster, 'get' | 'create' | 'apply'>;
  readonly namespace: string;
  /** Cryptographically random bytes. */
  readonly random: (bytes: number) => Uint8Array;
  /** A new admin token, or the given one, and the text of the tokens file with its hash. */
  readonly adminToken: (token: string | undefined) => { readonly token: string; readonly file: string };
}

/** `created` and `completed` list the entries that were added. */
export interface Ensured {
  readonly name: string;
  readonly outcome: 'created' | 'completed' | 'unchanged';
  readonly entries: readonly string[];
}

const mostTries = 5;

/** Throws `KubeError`, and an error if the owner does not exist. */
export async function ensureSecrets(context: EnsureContext, { ownerConfigMap, secrets }: SecretsFile) {
  const results: Ensured[] = [];
  for (const secret of secrets) results.push(await ensureSecret(context, secret, ownerConfigMap));
  return results;
}

/** Another operator may create or change the Secret at the same time; then it is read again. */
async function ensureSecret(context: EnsureContext, secret: DescribedSecret, owner: string): Promise<Ensured> {
  for (let tries = 1; tries < mostTries; tries += 1) {
    const done = await tryToEnsure(context, secret, owner);
    if (done !== undefined) return done;
  }
  throw new KubeError(409, 'Conflict', `Secret ${secret.name} keeps changing`);
}

async function tryToEnsure(
  context: EnsureContext,
  secret: DescribedSecret,
  owner: string,
): Promise<Ensured | undefined> {
  const { cluster, namespace } = context;
  const { name } = secret;
  const found = await cluster.get<Secret>(secretType, { namespace, name });
  const missing = missingEntries(context, secret, found?.data ?? {});
  const entries = Object.keys(missing);
  if (entries.length === 0) return { name, outcome: 'unchanged', entries };
  if (found === undefined) {
    const metadata = { name, namespace, labels: secret.labels, ownerReferences: [await ownerOf(context, owner)] };
    const created = await cluster.create(secretType, { ...header, metadata, type: 'Opaque', data: missing });
    return created === undefined ? undefined : { name, outcome: 'created', entries };
  }
  const { resourceVersion } = found.metadata;
  const data = { ...found.data, ...missing };
  return unlessChanged(async () => {
    await cluster.apply(secretType, { ...header, metadata: { name, namespace, resourceVersion }, data });
    return { name, outcome: 'completed', entries };
  });
}

const header = { apiVersion: 'v1', kind: secretType.kind };

async function ownerOf({ cluster, namespace }: EnsureContext, name: string): Promise<OwnerReference> {
  const found = await cluster.get<KubeObject>(configMapType, { namespace, name });
  if (found === undefined) throw new Error(`ConfigMap ${name}, the owner of the secrets, does not exist`);
  return { apiVersion: 'v1', kind: configMapType.kind, name, uid: found.metadata.uid };
}

async function unlessChanged(write: () => Promise<Ensured>): Promise<Ensured | undefined> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof KubeError && error.status === 409) return undefined;
    throw error;
  }
}

type Data = Readonly<Record<string, string>>;

/** The entries to add, in base64. */
function missingEntries({ random, adminToken }: EnsureContext, secret: DescribedSecret, data: Data): Data {
  switch (secret.generate) {
    case 'passwords': {
      const missing = secret.entries.filter((entry) => data[entry] === undefined);
      return Object.fromEntries(missing.map((entry) => [entry, encoded(password(random))]));
    }
    case 'adminToken': {
      if (data['tokens.json'] !== undefined) return {};
      const known = data['token'];
      const { token, file } = adminToken(known === undefined ? undefined : entryOf({ data }, 'token'));
      return { ...(known === undefined ? { token: encoded(token) } : {}), 'tokens.json': encoded(file) };
    }
    default:
      return secret satisfies never;
  }
}

/** 256 bits. It starts with a letter, because the configuration of NATS takes digits for a number. */
const password = (random: EnsureContext['random']): string => `p${Buffer.from(random(32)).toString('hex')}`;
