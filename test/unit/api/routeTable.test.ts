// What holds for every route, so that no new one forgets it: unknown query parameters, other methods, OPTIONS, HEAD, and slashes.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { succeeded } from '../../../src/job/transitions.ts';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';
import { tempFolder, type TempFolder } from '../../support/tempFolder.ts';

let world: ApiWorld;
let folder: TempFolder;
let job: string;
beforeAll(async () => {
  folder = await tempFolder('console');
  await writeFile(join(folder.path, 'index.html'), '<title>console</title>');
  await writeFile(join(folder.path, 'app-12345678.js'), 'void 0;');
  world = await apiWorld({ consoleFolder: pathToFileURL(`${folder.path}/`) });
  const stored = await world.artifacts.put('default', Buffer.from('text of an artifact'), 'text/plain');
  job = await world.submit();
  await world.claim(job);
  await world.finish(job, 0, succeeded, { artifacts: [{ name: 'image', ...stored }] });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await folder.remove();
});

interface Route {
  readonly url: string;
  readonly methods: readonly string[];
}

/** From the tree that the router prints. */
function routes(): Route[] {
  const above: string[] = [];
  return world.api
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent, part, methods] = /^([│├└─ ]+)(\S+) \(([A-Z, ]+)\)$/.exec(line) ?? [];
      if (part === undefined || part === '*') return [];
      const depth = indent!.length / 4 - 1;
      above.length = depth;
      above.push(part);
      return [
        {
          url: above
            .join('')
            .replace(/^\/{2}/, '/')
            .replace(/^\/(?=\/)/, ''),
          methods: methods!.split(', '),
        },
      ];
    });
}

const filled = (url: string): string => {
  const values: Record<string, string> = { task: '0', name: 'image', n: '0', pool: 'default', file: 'start.js' };
  if (url === '/console/:file') return '/console/app-12345678.js';
  return url.replaceAll(/:(\w+)/g, (_, name: string) => (name === 'id' ? job : values[name]!));
};

const bodies: Readonly<Record<string, object>> = {
  '/v1/jobs': { kind: 'image', input: { prompt: 'a' } },
  '/v1/jobs/:id/tasks/:task/review': { run: 1, decision: 'approve' },
  '/v1/stuck/fix': { tasks: [{ job: '01hzy3v8k0000000000000none', task: 0, sequence: 1 }] },
  '/console/session': { token: 'a' },
};

/** Pages read their own parameters. */
const page = /^\/(?:jobs|jobs\/:id|new|review|pools|workers|stuck|installation|sign-in)?$/;

test('the router prints what there is', () => {
  const urls = routes().map(({ url }) => url);
  expect(urls.length).toBeGreaterThan(38);
  expect(urls).toEqual(
    expect.arrayContaining(['/', '/docs/:file', '/v1/jobs', '/v1/jobs/:id/tasks/:task/input', '/v1/stuck/fix']),
  );
});

const ask = async (method: string, url: string, headers = {}, payload?: object) =>
  world.api.inject({ method: method as 'GET', url, headers, ...(payload === undefined ? {} : { payload }) });

test('every route refuses a query parameter that it does not know', async () => {
  const wrong: unknown[] = [];
  for (const { url, methods } of routes()) {
    if (page.test(url)) continue;
    for (const method of methods.filter((each) => each !== 'HEAD')) {
      const upload = url === '/v1/artifacts' ? { 'content-type': 'image/png' } : {};
      const payload = method === 'POST' && url !== '/v1/artifacts' ? (bodies[url] ?? {}) : undefined;
      const { statusCode, payload: text } = await ask(method, `${filled(url)}?colour=red`, upload, payload);
      const names = text.includes('"path":"query.colour","message":"is not a known field"');
      if (statusCode !== 422 || !names) wrong.push([method, url, statusCode, text.slice(0, 300)]);
    }
  }
  expect(wrong).toEqual([]);
});

test('every route answers other methods with 405 and Allow, and OPTIONS with Allow', async () => {
  const wrong: unknown[] = [];
  for (const { url, methods } of routes()) {
    const allow = [...methods, 'OPTIONS'].toSorted().join(', ');
    for (const method of ['PUT', 'PATCH', 'POST', 'DELETE', 'GET', 'PROPFIND', 'TRACE', 'QUERY', 'OPTIONS']) {
      if (methods.includes(method)) continue;
      const { statusCode, headers } = await ask(method, filled(url), { 'content-type': 'text/plain' }, undefined);
      const status = method === 'OPTIONS' ? 204 : 405;
      if (statusCode !== status || headers['allow'] !== allow) wrong.push([method, url, statusCode, headers['allow']]);
    }
  }
  expect(wrong).toEqual([]);
});

/** They differ between any two answers. */
const variable = new Set(['x-request-id', 'date', 'content-length', 'connection', 'keep-alive', 'transfer-encoding']);

test('HEAD has the headers of GET on every route, and no body', async () => {
  const wrong: unknown[] = [];
  for (const { url, methods } of routes()) {
    // GET of a stream has no end.
    if (!methods.includes('GET') || url === '/v1/events') continue;
    const [get, head] = [await ask('GET', filled(url)), await ask('HEAD', filled(url))];
    const own = ({ headers }: typeof get) =>
      Object.entries(headers)
        .filter(([name]) => !variable.has(name))
        .map(([name, value]) => `${name}: ${String(value)}`)
        .toSorted()
        .join(', ');
    const isSame = get.statusCode === head.statusCode && own(get) === own(head);
    const length = get.headers['content-length'];
    // Times in a body can make it longer or shorter by themselves.
    const hasLength = length === undefined || head.headers['content-length'] !== undefined;
    if (!isSame || !hasLength || head.payload !== '')
      wrong.push([url, get.statusCode, own(get), head.statusCode, own(head)]);
  }
  expect(wrong).toEqual([]);
  const events = await ask('HEAD', '/v1/events');
  expect([events.statusCode, events.payload, events.headers['content-type']]).toEqual([
    200,
    '',
    'text/event-stream; charset=utf-8',
  ]);
});

describe('slashes', () => {
  test('a path with a slash too many is none, and the problem names the right one', async () => {
    const wrong: unknown[] = [];
    for (const { url, methods } of routes()) {
      for (const path of [`${filled(url)}/`, `/${filled(url)}`]) {
        const { statusCode, payload } = await ask(methods[0]!, path);
        const named = payload.includes(`did you mean ${filled(url)}?`);
        if (statusCode !== 404 || !named) wrong.push([path, statusCode, payload.slice(0, 200)]);
      }
    }
    expect(wrong).toEqual([]);
  });
});
