// A Kubernetes API server without objects, for an operator outside a cluster: lists are empty, watches stay open and silent, and
// what is applied is answered as if it were stored.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { json } from 'node:stream/consumers';
import { join } from 'node:path';
import { selfSigned } from './selfSigned.ts';
import { tempFolder } from './tempFolder.ts';

export interface EmptyCluster extends AsyncDisposable {
  /** Settings of an operator process that uses it. */
  readonly env: Readonly<Record<string, string>>;
}

/** The operator applies a WorkerPool of this name to it. */
export async function startEmptyCluster(pool: string): Promise<EmptyCluster> {
  await using owned = new AsyncDisposableStack();
  const server = createServer(selfSigned, (request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  owned.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const folder = owned.use(await tempFolder('cluster'));
  const [kubeconfig, poolFile] = [join(folder.path, 'kubeconfig'), join(folder.path, 'pool.json')];
  await writeFile(kubeconfig, kubeconfigOf(`https://127.0.0.1:${(server.address() as AddressInfo).port}`));
  await writeFile(poolFile, JSON.stringify({ pool: workerPool(pool) }));
  const env = { KUBECONFIG: kubeconfig, GENWARDEN_NAMESPACE: 'genwarden', GENWARDEN_DEFAULT_POOL_FILE: poolFile };
  const owner = owned.move();
  return { env, [Symbol.asyncDispose]: () => owner.disposeAsync() };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url!, 'http://cluster');
  const send = (status: number, body: object): void =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  if (request.method === 'PATCH') return send(200, stored((await json(request)) as { metadata: object }));
  if (searchParams.get('watch') === 'true') return void response.writeHead(200).flushHeaders();
  // A path with a name after the kind is one object.
  const isObject = /\/namespaces\/[^/]+\/[^/]+\/[^/]+/.test(pathname);
  if (isObject)
    return send(404, { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 });
  return send(200, { kind: 'List', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items: [] });
}

const stored = (object: { readonly metadata: object }): object => ({
  ...object,
  metadata: { uid: 'b5f8a0de', resourceVersion: '2', generation: 1, ...object.metadata },
});

const workerPool = (name: string): object => ({
  apiVersion: 'genwarden.dev/v1alpha1',
  kind: 'WorkerPool',
  metadata: { name },
  spec: { provider: 'gemini', models: { image: ['gemini-3.1-flash-image'] } },
});

function kubeconfigOf(server: string): string {
  const authority = Buffer.from(selfSigned.cert).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'empty', cluster: { server, 'certificate-authority-data': authority } }],
    users: [{ name: 'operator', user: {} }],
    contexts: [{ name: 'empty', context: { cluster: 'empty', user: 'operator' } }],
    'current-context': 'empty',
  });
}
