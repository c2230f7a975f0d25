// A fake Kubernetes API server over HTTP for `kubectl genwarden`: it has a few pods, secrets and logs, and forwards ports to a
// local port.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';

export interface FakePod {
  readonly namespace: string;
  readonly name: string;
  readonly component: 'api' | 'worker';
  readonly release?: string;
  readonly ready?: boolean;
  readonly restarts?: number;
  /** Lines, each with a timestamp in front. */
  readonly log?: readonly string[];
}

export class FakeKubernetes implements AsyncDisposable {
  pods: FakePod[] = [];
  /** Decoded data by `namespace/name`. */
  readonly secrets = new Map<string, Record<string, string>>();
  /** Other objects by their path. */
  readonly objects = new Map<string, object>();
  /** Prefixes of paths that are answered with 403. */
  readonly forbidden = new Set<string>();
  /** Every request, as `GET /path`, with its `authorization` header. */
  readonly asked: { readonly line: string; readonly authorization: string | undefined }[] = [];
  /** How many of the next log answers break off after their first line. */
  brokenLogs = 0;
  /** The local port that forwarded ports lead to. */
  target = 0;
  readonly #forwards = new Set<WebSocket>();
  readonly #webSockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'v4.channel.k8s.io' });
  readonly #server = createServer((request, response) => this.#answer(request, response));

  static async start(): Promise<FakeKubernetes> {
    const fake = new FakeKubernetes();
    fake.#server.on('upgrade', (request, socket, head) => fake.#forward(request, socket, head));
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  /** A kubeconfig for this server, as JSON. */
  kubeconfig(user: object, namespace?: string): string {
    const server = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    const context = { cluster: 'fake', user: 'me', ...(namespace === undefined ? {} : { namespace }) };
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'fake', cluster: { server, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'me', user }],
      contexts: [
        { name: 'here', context },
        { name: 'there', context: { ...context, namespace: 'there' } },
      ],
      'current-context': 'here',
    });
  }

  /** The number of connections being forwarded. */
  get forwards(): number {
    return this.#forwards.size;
  }

  breakForwards(): void {
    for (const client of this.#forwards) client.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.breakForwards();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #note(request: IncomingMessage): URL {
    const url = new URL(request.url!, 'http://fake');
    this.asked.push({ line: `${request.method} ${url.pathname}`, authorization: request.headers.authorization });
    return url;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = this.#note(request);
    const send = (status: number, body: object): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (this.#isForbidden(pathname)) return send(403, refusal(403, 'Forbidden', `${pathname} is forbidden`));
    const [, namespace, name, log] =
      /^\/api\/v1(?:\/namespaces\/([^/]+))?\/pods(?:\/([^/]+)(\/log))?$/.exec(pathname) ?? [];
    if (log !== undefined) return this.#sendLog(`${namespace}/${name}`, response, searchParams);
    if (pathname.endsWith('/pods')) return send(200, this.#podList(namespace, searchParams.get('labelSelector') ?? ''));
    const object = this.objects.get(pathname);
    if (object !== undefined) return send(200, object);
    const [, where, secret] = /^\/api\/v1\/namespaces\/([^/]+)\/secrets\/([^/]+)$/.exec(pathname) ?? [];
    const data = this.secrets.get(`${where}/${secret}`);
    if (data === undefined) return send(404, refusal(404, 'NotFound', `${pathname} not found`));
    const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
    return send(200, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: secret },
      data: Object.fromEntries(encoded),
    });
  }

  #isForbidden(path: string): boolean {
    return [...this.forbidden].some((start) => path.startsWith(start));
  }

  #podList(namespace: string | undefined, selector: string): object {
    const chosen = this.pods.filter(
      (pod) =>
        (namespace === undefined || pod.namespace === namespace) && selector.includes(`component=${pod.component}`),
    );
    return { apiVersion: 'v1', kind: 'PodList', metadata: {}, items: chosen.map(podObject) };
  }

  #sendLog(pod: string, response: ServerResponse, query: URLSearchParams): void {
    const log = this.pods.find(({ namespace, name }) => `${namespace}/${name}` === pod)?.log ?? [];
    const since = query.get('sinceTime') ?? '';
    const previous = query.get('previous') === 'true';
    const lines = previous
      ? ['2026-01-01T00:00:00Z before the restart of job1']
      : log.filter((line) => line.slice(0, 19) >= since.slice(0, 19));
    if (this.brokenLogs > 0 && lines.length > 0) {
      this.brokenLogs -= 1;
      response.write(`${lines[0]}\n${lines[1]?.slice(0, 12) ?? ''}`, () => response.destroy());
      return;
    }
    response.end(lines.map((line) => `${line}\n`).join(''));
  }

  #forward(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { pathname } = this.#note(request);
    if (this.#isForbidden(pathname)) return void socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    this.#webSockets.handleUpgrade(request, socket, head, (client) => this.#join(client));
  }

  /** Channel 0 carries data and channel 1 errors; each begins with the number of the port. */
  #join(client: WebSocket): void {
    const send = (channel: number, data: Buffer): void => client.send(Buffer.concat([Buffer.from([channel]), data]));
    this.#forwards.add(client);
    const upstream = connect(this.target, '127.0.0.1');
    for (const channel of [0, 1]) send(channel, Buffer.from([0x1f, 0x90]));
    client.on('message', (message: Buffer) => {
      if (message[0] === 0) upstream.write(message.subarray(1));
    });
    client.on('error', () => undefined);
    client.once('close', () => {
      this.#forwards.delete(client);
      upstream.destroy();
    });
    upstream.on('data', (data) => send(0, data));
    upstream.once('error', (error) => send(1, Buffer.from(error.message)));
    upstream.once('close', () => client.close());
  }
}

function podObject({ namespace, name, component, release = 'genwarden', ready = true, restarts = 0 }: FakePod): object {
  const labels = {
    'app.kubernetes.io/name': 'genwarden',
    'app.kubernetes.io/component': component,
    'app.kubernetes.io/instance': release,
  };
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }];
  const containerStatuses = [{ name: component, restartCount: restarts, ready, image: 'x', imageID: 'x' }];
  return {
    metadata: { namespace, name, labels },
    spec: { containers: [{ name: component, ports: [{ name: 'http', containerPort: 8080 }] }] },
    status: { conditions, containerStatuses, startTime: '2026-01-01T00:00:00Z' },
  };
}

const refusal = (code: number, reason: string, message: string): object => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  message,
  reason,
  code,
});
