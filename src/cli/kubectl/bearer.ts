// The token that a command sends: the one from --token, else the kubeconfig's, else the admin token of the installation.

import type { Kubeconfig } from '../../adapters/kubernetes/index.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { KubeError, type Cluster, type KubeObject, type ResourceKey } from '../../ports/kubernetes.ts';
import { writeLine, type Io } from '../output/io.ts';
import { clusterError } from './clusterError.ts';
import { fullnameOf, type Installation } from './installation.ts';

/** Called for each request, because the tokens of cloud providers expire within minutes. */
export type Bearer = () => Promise<string>;

/** Undefined when the kubeconfig's user has a certificate instead of a token. Throws `ClusterForbidden`. */
export async function kubeconfigBearer(kubeconfig: Kubeconfig): Promise<Bearer | undefined> {
  if ((await kubeconfigToken(kubeconfig)) === undefined) return undefined;
  return async () => {
    const token = await kubeconfigToken(kubeconfig);
    if (token === undefined)
      throw new GenwardenError('ClusterForbidden', "The kubeconfig's user no longer has a token");
    return token;
  };
}

/** Undefined if the user has no token. Throws `ClusterForbidden` if the user's credentials cannot be obtained. */
export async function kubeconfigToken(kubeconfig: Kubeconfig): Promise<string | undefined> {
  try {
    return await kubeconfig.token();
  } catch (error) {
    throw clusterError(error, "read the kubeconfig's credentials");
  }
}

interface Secret extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

const secretType = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets' };

/** The admin token that the chart created, read from its Secret; prints a notice. Throws `ClusterForbidden`. */
export async function installationBearer(io: Io, cluster: Cluster, installation: Installation): Promise<Bearer> {
  const { namespace } = installation;
  const name = `${fullnameOf(installation)}-api-token`;
  const action = `read secret ${namespace}/${name} (needed because the kubeconfig's user has no token)`;
  const token = (await readSecret(cluster, { namespace, name }, action)).data?.['token'];
  if (token === undefined) {
    const message = `Neither the kubeconfig's user nor secret ${namespace}/${name} has a token: use --token`;
    throw new GenwardenError('UsageError', message);
  }
  const notice = `genwarden: the kubeconfig has no token; using the admin token from secret ${namespace}/${name}`;
  writeLine(io.stderr, notice);
  const text = Buffer.from(token, 'base64').toString('utf8').trim();
  return async () => text;
}

async function readSecret(cluster: Cluster, key: ResourceKey, action: string): Promise<Secret> {
  try {
    const secret = await cluster.get<Secret>(secretType, key);
    if (secret !== undefined) return secret;
    throw new KubeError(404, 'NotFound', 'the secret does not exist');
  } catch (error) {
    throw clusterError(error, action);
  }
}
