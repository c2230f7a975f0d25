// Which token a command sends: the one that was given, else the kubeconfig's, else the installation's own.

import type { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { GenwardenError } from '../../job/errors/index.ts';
import { writeLine, type Io } from '../output/io.ts';
import { clusterError } from '../../adapters/kubernetes/clusterErrors.ts';
import { fullnameOf, type Installation } from './installation.ts';

/** A token for each request: those of cloud providers last for minutes only. */
export type Bearer = () => Promise<string>;

/** Undefined where the kubeconfig's user has a certificate and no token. Throws `ClusterForbidden`. */
export async function kubeconfigBearer(config: KubeConfig): Promise<Bearer | undefined> {
  if ((await kubeconfigToken(config)) === undefined) return undefined;
  return async () => {
    const token = await kubeconfigToken(config);
    if (token === undefined)
      throw new GenwardenError('ClusterForbidden', "The kubeconfig's user has no token any more");
    return token;
  };
}

/** Undefined where the user has none. Throws `ClusterForbidden` where it should have one and cannot get it. */
export async function kubeconfigToken(config: KubeConfig): Promise<string | undefined> {
  const options: { headers?: Record<string, string> } = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    // The message is what an exec plugin wrote to standard error, which may be nothing.
    const why = (error as Error).message.trim() || 'its command failed';
    throw new GenwardenError('ClusterForbidden', `The kubeconfig's user has no credentials: ${why}`, { cause: error });
  }
  return /^Bearer (.+)$/.exec(options.headers?.['Authorization'] ?? '')?.[1]?.trim();
}

/** The admin's token that the chart made, for who may read it; says so. Throws `ClusterForbidden`. */
export async function installationBearer(io: Io, core: CoreV1Api, installation: Installation): Promise<Bearer> {
  const { namespace } = installation;
  const name = `${fullnameOf(installation)}-api-token`;
  const doing = `read secret ${namespace}/${name}, instead of the token that the kubeconfig's user does not have`;
  const secret = await core.readNamespacedSecret({ name, namespace }).catch((error: unknown) => {
    throw clusterError(error, doing);
  });
  const { token } = secret.data ?? {};
  if (token === undefined) {
    const message = `The kubeconfig's user has no token, and secret ${namespace}/${name} has none either: give --token`;
    throw new GenwardenError('UsageError', message);
  }
  writeLine(io.stderr, `genwarden: the kubeconfig has no token: using the admin's, of secret ${namespace}/${name}`);
  const text = Buffer.from(token, 'base64').toString('utf8').trim();
  return async () => text;
}
