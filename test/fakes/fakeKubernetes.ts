// A Kubernetes API server with a few pods, secrets and logs, that forwards ports to a port of this machine: what
// `kubectl genwarden` needs of one.

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { channelMessage, frame, framesOf } from './webSocketFrames.ts';

export interface FakePod {
  readonly namespace: string;
  readonly name: string;
  readonly component: 'api' | 'worker';
  readonly release?: string;
  readonly ready?: boolean;
  readonly restarts?: number;
  /** Lines, each with its time before it. */
  readonly log?: readonly string[];
}

export class FakeKubernetes implements AsyncDisposable {
  pods: FakePod[] = [];
  /** Data, as text, by `namespace/name`. */
  readonly secrets = new Map<string, Record<string, string>>();
  /** Paths, by their start, that are answered with 403. */
  readonly forbidden = new Set<string>();
  /** Every request, as `GET /path`, and its `authorization`. */
  readonly asked: { readonly line: string; readonly authorization: string | undefined }[] = [];
  /** So many answers with a log break after their first line. */
  brokenLogs = 0;
  /** Where forwarded ports lead. */
  target = 0;
  readonly #forwards = new Set<Socket>();
  readonly #server = createServer((request, response) => this.#answer(request, response));

  static async start(): Promise<FakeKubernetes> {
    const fake = new FakeKubernetes();
    fake.#server.on('upgrade', (request, socket) => fake.#forward(request, socket as Socket));
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  /** A kubeconfig of it, as JSON. */
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

  /** How many connections are forwarded now. */
  get forwards(): number {
    return this.#forwards.size;
  }

  breakForwards(): void {
    for (const socket of this.#forwards) socket.destroy();
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

  #forward(request: IncomingMessage, socket: Socket): void {
    const { pathname } = this.#note(request);
    if (this.#isForbidden(pathname)) return void socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    const accept = createHash('sha1').update(
      `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`,
    );
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Accept: ${accept.digest('base64')}\r\nSec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n`,
    );
    this.#forwards.add(socket);
    const upstream = connect(this.target, '127.0.0.1');
    for (const channel of [0, 1]) socket.write(channelMessage(channel, Buffer.from([0x1f, 0x90])));
    const read = framesOf((opcode, payload) => {
      if (opcode === 8) socket.end(frame(8, Buffer.alloc(0)));
      else if (payload[0] === 0) upstream.write(payload.subarray(1));
    });
    socket.on('data', read).on('error', () => undefined);
    socket.once('close', () => {
      this.#forwards.delete(socket);
      upstream.destroy();
    });
    upstream.on('data', (data) => void socket.write(channelMessage(0, data)));
    upstream.once('error', (error) => void socket.write(channelMessage(1, Buffer.from(error.message))));
    upstream.once('close', () => socket.end(frame(8, Buffer.alloc(0))));
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
