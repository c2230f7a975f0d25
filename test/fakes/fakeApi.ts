// An HTTP server that answers like the API from jobs that a test puts into it, for tests of clients.
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { FakeJob } from './fakeJobs.ts';
import { FakeServer } from './fakeServer.ts';

export interface SeenRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

type Answer = (request: SeenRequest, response: ServerResponse) => void | Promise<void>;

export class FakeApi extends FakeServer {
  readonly requests: SeenRequest[] = [];
  readonly #jobs = new Map<string, { job: FakeJob; version: number }>();
  readonly #bytes = new Map<string, Uint8Array>();
  readonly #routes = new Map<string, Answer>();
  readonly #changed = new Set<() => void>();

  static async start(): Promise<FakeApi> {
    const api = new FakeApi();
    await api.listen(0);
    return api;
  }

  get env(): Record<string, string> {
    return { GENWARDEN_URL: `http://127.0.0.1:${this.port}` };
  }

  /** Stores a job, or its next state, and answers requests that wait for a change. */
  put(job: FakeJob): void {
    this.#jobs.set(job.id, { job, version: (this.#jobs.get(job.id)?.version ?? 0) + 1 });
    for (const wake of this.#changed) wake();
  }

  /** The bytes of an artifact, by the path of its `href`. */
  putBytes(path: string, bytes: Uint8Array): void {
    this.#bytes.set(path, bytes);
  }

  /** Replaces the answer of one route, such as `POST /v1/jobs`. */
  route(methodAndPath: string, answer: Answer): void {
    this.#routes.set(methodAndPath, answer);
  }

  /** Resolves when a request waits for a change of a job. */
  async held(): Promise<void> {
    while (this.#changed.size === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  protected async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, 'http://fake');
    const seen: SeenRequest = {
      method: request.method!,
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: await buffer(request),
    };
    this.requests.push(seen);
    const own = this.#routes.get(`${seen.method} ${seen.path}`);
    await (own ?? this.#byDefault)(seen, response);
  }

  readonly #byDefault: Answer = (request, response) => {
    const [, id] = /^\/v1\/jobs\/([^/]+)$/.exec(request.path) ?? [];
    if (request.method === 'GET' && id !== undefined) return this.#getJob(id, request, response);
    if (request.method === 'GET' && request.path === '/v1/jobs') return this.#search(request, response);
    const bytes = this.#bytes.get(request.path);
    if (request.method === 'GET' && bytes !== undefined) return void response.end(bytes);
    if (request.method === 'POST' && request.path === '/v1/artifacts') {
      const artifact = digestOf(request.body);
      return answerJson(response, 201, {
        artifact,
        mediaType: request.headers['content-type'],
        bytes: request.body.length,
      });
    }
    return answerProblem(response, 404, 'RouteNotFound', `There is no ${request.path}`);
  };

  /** Only by the beginning of the id. A job that only a route of the test knows counts too. */
  #search({ query }: SeenRequest, response: ServerResponse): void {
    const routed = [...this.#routes.keys()].flatMap((route) => / \/v1\/jobs\/([^/]+)\//.exec(route)?.[1] ?? []);
    const jobs = [
      ...[...this.#jobs.values()].map(({ job: { tasks: _, ...listed } }) => listed),
      ...new Set(routed.filter((id) => !this.#jobs.has(id))).values().map((id) => ({ id })),
    ];
    const items = jobs.filter(({ id }) => id.startsWith(query.get('search') ?? ''));
    answerJson(response, 200, { items, next: null, complete: true, since: null });
  }

  async #getJob(id: string, { query, headers }: SeenRequest, response: ServerResponse): Promise<void> {
    const tag = (): string => `W/"${this.#jobs.get(id)?.version}"`;
    if (headers['if-none-match'] === tag() && query.has('wait')) await this.#change(response);
    const stored = this.#jobs.get(id);
    if (stored === undefined) return answerProblem(response, 404, 'JobNotFound', `There is no job ${id}`);
    response.setHeader('etag', tag());
    if (headers['if-none-match'] === tag()) return void response.writeHead(304).end();
    return answerJson(response, 200, stored.job);
  }

  /** The next change, or the end of the connection. The test makes the change, so there is no other limit. */
  #change(response: ServerResponse): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#changed.delete(wake);
        resolve();
      };
      this.#changed.add(wake);
      response.once('close', wake);
    });
  }
}

export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export function answerProblem(
  response: ServerResponse,
  status: number,
  code: string,
  detail: string,
  more: Record<string, unknown> = {},
): void {
  const problem = {
    type: 'about:blank',
    title: code,
    status,
    detail,
    code,
    hint: `What to do about ${code}.`,
    ...more,
  };
  response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
