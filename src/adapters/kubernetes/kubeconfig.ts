// The kubeconfig, found and read by client-node as kubectl does, or the service account of the pod.

import type { RequestOptions } from 'node:http';
import type { KubeConfig } from '@kubernetes/client-node';
import { GenwardenError } from '../../job/errors/index.ts';
import { KubeError } from '../../ports/kubernetes.ts';
import type { KubeServer } from './http.ts';

/** client-node is large, so it is loaded only by those who need a kubeconfig. */
export const clientNode = () => import('@kubernetes/client-node');

/**
 * Reads the file at `path`, else `KUBECONFIG`, `~/.kube/config` or the pod's service account. Throws `code` when it
 * cannot be read.
 */
export async function loadKubeconfig(code: 'InvalidConfiguration' | 'UsageError', path?: string): Promise<Kubeconfig> {
  const { KubeConfig: Config } = await clientNode();
  const config = new Config();
  try {
    if (path === undefined) config.loadFromDefault();
    else config.loadFromFile(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new GenwardenError(code, `The kubeconfig cannot be read: ${why}`, { cause: error });
  }
  return new Kubeconfig(config);
}

export class Kubeconfig implements KubeServer {
  /** For the parts of client-node that take one. */
  readonly config: KubeConfig;

  constructor(config: KubeConfig) {
    this.config = config;
  }

  /** Throws `InvalidConfiguration` when the current context names no API server. */
  get url(): URL {
    const server = this.config.getCurrentCluster()?.server;
    if (server !== undefined && URL.canParse(server)) return new URL(server);
    throw new GenwardenError('InvalidConfiguration', 'The kubeconfig names no API server');
  }

  get viaProxy(): boolean {
    return this.config.getCurrentCluster()?.proxyUrl !== undefined;
  }

  get contexts(): readonly string[] {
    return this.config.contexts.map(({ name }) => name);
  }

  /** Of the current context. */
  get namespace(): string | undefined {
    return this.config.getContextObject(this.config.getCurrentContext())?.namespace;
  }

  get impersonatesUser(): boolean {
    return (this.config.getCurrentUser()?.impersonateUser ?? '') !== '';
  }

  /** False also when client-node found neither a kubeconfig nor a pod: it then makes up a cluster at localhost:8080. */
  get namesCluster(): boolean {
    const { clusters, contexts } = this.config;
    const madeUp = clusters.every(({ server }) => server === 'http://localhost:8080') && contexts.length <= 1;
    const cluster = this.config.getCurrentCluster();
    return cluster !== null && !(madeUp && cluster.name === 'cluster');
  }

  useContext(name: string): void {
    this.config.setCurrentContext(name);
  }

  /** Throws `KubeError` with the reason `NoCredentials`. */
  async requestOptions(): Promise<RequestOptions> {
    const options: RequestOptions = { headers: {} };
    try {
      await this.config.applyToHTTPSOptions(options);
    } catch (error) {
      // The message is what an exec plugin wrote to standard error, which may be nothing.
      const why = (error instanceof Error ? error.message : String(error)).trim() || 'its command failed';
      throw new KubeError(0, 'NoCredentials', `The kubeconfig's user has no credentials: ${why}`, { cause: error });
    }
    return options;
  }

  /** The user's bearer token, renewed as needed; undefined when the user has none. Throws like `requestOptions`. */
  async token(): Promise<string | undefined> {
    const { Authorization: header = '' } = (await this.requestOptions()).headers as Record<string, string>;
    return /^Bearer (.+)$/.exec(header)?.[1]?.trim();
  }
}
