// The client has a method for every operation of the OpenAPI document, with every query parameter, or there is a reason.
import { expect, test } from 'vitest';
import { GenwardenClient } from '../../../src/client/index.ts';
import { apiWorld } from '../../fakes/apiWorld.ts';
import type { OpenApiDocument } from './documentTypes.ts';

const submit = { kind: 'image' } as const;

/** Each method once, with everything that it can send. */
const calls: Readonly<Record<string, (client: GenwardenClient) => Promise<unknown>>> = {
  submit: (client) => client.submit(submit),
  get: (client) => client.get('j1', { taskState: ['failed'], tasks: false }),
  list: (client) => Array.fromAsync(client.list()),
  listPage: (client) => {
    const filter = { state: 'open', pool: 'p', kind: 'image', labels: { a: 'b' }, search: 's', pageSize: 1 } as const;
    return client.listPage(filter, { cursor: 'next' });
  },
  wait: (client) => client.wait('j1'),
  watch: (client) => Array.fromAsync(client.watch('j1')),
  events: async (client) => {
    await Array.fromAsync(client.events('j1'));
    await Array.fromAsync(client.events());
  },
  output: (client) => client.output('j1').catch(() => undefined),
  text: (client) => Array.fromAsync(client.text('j1')).catch(() => undefined),
  cancel: (client) => client.cancel('j1'),
  retry: (client) => client.retry('j1'),
  review: (client) => client.review('j1', 't1', { run: 1, decision: 'approve' }),
  delete: (client) => client.delete('j1'),
  links: (client) => client.links('j1', { expiresIn: '1h' }),
  history: (client) => client.history('j1'),
  explain: (client) => client.explain('j1'),
  input: (client) => client.input('j1', 't1'),
  reference: (client) => client.reference('j1', 't1', 2, { redirect: true }),
  download: (client) => client.download('j1', 't1', 'image', { run: 2, redirect: true }),
  downloadArtifact: (client) => client.downloadArtifact('j1', 't1', 'image'),
  uploadReference: (client) => client.uploadReference(Uint8Array.of(1), 'image/png'),
  activity: (client) => client.activity(),
  settings: (client) => client.settings(),
  workers: (client) => client.workers(),
  pools: (client) => client.pools(),
  pausePool: (client) => client.pausePool('p1'),
  resumePool: (client) => client.resumePool('p1'),
  doctor: (client) => client.doctor({ provider: false }),
  stuck: (client) => client.stuck({ olderThan: '5m', jobId: 'j1', pool: 'p' }),
  failStuck: (client) => client.failStuck([]),
  deadWebhooks: (client) => Array.fromAsync(client.deadWebhooks()),
  resendWebhook: (client) => client.resendWebhook('d1'),
};

const operationsWithoutMethod = {
  'GET /healthz': 'For probes of Kubernetes.',
  'GET /readyz': 'For probes of Kubernetes.',
};

const parametersNotSent = {
  'GET /v1/webhooks/dead ?cursor': 'From the page before, which these tests answer as the last one.',
  'POST /v1/jobs ?wait': 'The client waits with `wait` after the submit, through lost connections.',
};

test('every method of the client is tried', () => {
  const names = [GenwardenClient, Object.getPrototypeOf(GenwardenClient) as typeof GenwardenClient].flatMap((it) =>
    Object.getOwnPropertyNames(it.prototype),
  );
  const isPublic = (name: string): boolean => name !== 'constructor' && name !== 'items';
  expect([...new Set(names)].filter(isPublic).toSorted()).toEqual(Object.keys(calls).toSorted());
});

test('every operation and query parameter of the document is sent, and no other', async () => {
  const sent = new Set<string>();
  for (const call of Object.values(calls)) {
    for (const one of await requestsOf(call)) sent.add(one);
  }
  const documented = await documentedRequests();
  const reasons = [...Object.keys(operationsWithoutMethod), ...Object.keys(parametersNotSent)];
  expect([...sent].filter((one) => !documented.has(one))).toEqual([]);
  expect([...documented].filter((one) => !sent.has(one)).toSorted()).toEqual(reasons.toSorted());
});

/** `GET /v1/jobs`, and `GET /v1/jobs ?limit` for each query parameter. */
async function requestsOf(call: (client: GenwardenClient) => Promise<unknown>): Promise<string[]> {
  const sent: string[] = [];
  let answers = 0;
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const { method, url } = new Request(input, init);
    const { pathname, searchParams } = new URL(url);
    const path = pathname
      .replace('/jobs/j1', '/jobs/{id}')
      .replace('/pools/p1', '/pools/{pool}')
      .replace('/dead/d1', '/dead/{id}')
      .replace('/tasks/t1', '/tasks/{task}')
      .replace('/artifacts/image', '/artifacts/{name}')
      .replace('/references/2', '/references/{n}');
    sent.push(`${method} ${path}`, ...[...searchParams.keys()].map((name) => `${method} ${path} ?${name}`));
    answers += 1;
    if (path.endsWith('/events')) return new Response(null, { status: 204 });
    const body = { id: 'j1', items: [], next: null, state: answers === 1 ? 'queued' : 'succeeded', tasks: [] };
    return Response.json(body, { headers: { etag: '"1"' } });
  };
  await call(new GenwardenClient({ url: 'http://api', fetch }));
  return sent;
}

async function documentedRequests(): Promise<Set<string>> {
  await using world = await apiWorld();
  const { paths } = (await world.get('/openapi.json')).json as OpenApiDocument;
  const requests = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { parameters = [] }]) => {
      const operation = `${method.toUpperCase()} ${path}`;
      const query = parameters.filter((parameter) => parameter.in === 'query');
      return [operation, ...query.map(({ name }) => `${operation} ?${name}`)];
    }),
  );
  return new Set(requests);
}
