// The console's pages and files: open to everyone, strict about what they load, cached, compressed, and nothing but the console.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync, brotliDecompressSync, gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { tokenStore } from '../../../../src/api/auth/tokenStore.ts';
import { apiWorld, type ApiWorld } from '../../../fakes/apiWorld.ts';
import { tempFolder } from '../../../support/tempFolder.ts';

const script = 'console.log("a script of the console");\n';
const page =
  '<!doctype html><link rel="icon" href="{{base}}console/icon.svg"><script src="{{base}}console/app.js"></script>';

/** A built console. The folder is removed after the test. */
async function builtConsole(): Promise<URL> {
  const folder = await tempFolder('console');
  onTestFinished(() => folder.remove());
  const files: Record<string, string | Buffer> = {
    'index.html': page,
    'app-0a1b2c3d.js': script,
    'app-0a1b2c3d.js.br': brotliCompressSync(script),
    'app-0a1b2c3d.js.gz': gzipSync(script),
    'icon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
    'notes.txt': 'not a file of the console',
  };
  await mkdir(folder.path, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder.path, name), content);
  return pathToFileURL(`${folder.path}/`);
}

const openWorld = async (): Promise<ApiWorld> =>
  apiWorld({ auth: tokenStore([]), consoleFolder: await builtConsole() });

test('every address answers with the page, whose paths lead to the root', async () => {
  await using world = await openWorld();
  const addresses = ['/', '/jobs', '/new', '/review', '/pools', '/workers', '/stuck', '/installation', '/sign-in'];
  for (const address of [...addresses, '/?state=failed&label=a%3Db', '/jobs/01jd0000000000000000000000']) {
    const { status, headers, bytes } = await world.get(address);
    expect([address, status, headers['content-type']]).toEqual([address, 200, 'text/html; charset=utf-8']);
    expect(headers['cache-control']).toBe('no-cache');
    const base = address.startsWith('/jobs/') ? '../' : './';
    expect(bytes.toString()).toBe(page.replaceAll('{{base}}', base));
  }
});

test('the page loads and sends nothing elsewhere, no page may embed it, and it may use no device', async () => {
  await using world = await openWorld();
  const { headers } = await world.get('/');
  expect(headers).toMatchObject({
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; " +
      "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  });
});

test('a page that did not change is not sent again', async () => {
  await using world = await openWorld();
  const { headers } = await world.get('/');
  const again = await world.get('/', { 'if-none-match': String(headers['etag']) });
  expect([again.status, again.bytes.length, again.headers['etag']]).toEqual([304, 0, headers['etag']]);
  expect((await world.get('/jobs/x', { 'if-none-match': String(headers['etag']) })).status).toBe(200);
});

test('a file is sent compressed, and cached for as long as its content has its name', async () => {
  await using world = await openWorld();
  const compressed = await world.get('/console/app-0a1b2c3d.js', { 'accept-encoding': 'gzip, br' });
  expect(compressed.headers).toMatchObject({
    'content-type': 'application/javascript; charset=utf-8',
    'content-encoding': 'br',
    vary: 'accept-encoding',
    'cache-control': 'public, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
  });
  expect(brotliDecompressSync(compressed.bytes).toString()).toBe(script);
  const plain = await world.get('/console/app-0a1b2c3d.js');
  expect([plain.bytes.toString(), plain.headers['content-encoding']]).toEqual([script, undefined]);
  const icon = await world.get('/console/icon.svg');
  expect([icon.status, icon.headers['cache-control']]).toEqual([200, 'public, max-age=3600']);
});

test.each([
  'notes.txt',
  'index.html',
  'app-0a1b2c3d.js.br',
  'gone-0a1b2c3d.js',
  '..%2Fpackage.json',
  '%2e%2e%2fapp.js',
  '.hidden.js',
  'app.js%00.svg',
])('no other file is served: %s', async (file) => {
  await using world = await openWorld();
  const { status, json } = await world.get(`/console/${file}`);
  expect([status, json.code]).toEqual([404, 'RouteNotFound']);
});

test('pages are only read', async () => {
  await using world = await openWorld();
  const { status, json, headers } = await world.post('/');
  expect([status, json.code, headers['allow']]).toEqual([405, 'MethodNotAllowed', 'GET, HEAD, OPTIONS']);
});

test('they are not operations of the API', async () => {
  await using world = await openWorld();
  const { json } = await world.get('/openapi.json');
  expect(Object.keys(json.paths).filter((path) => !/^\/(?:v1\/|healthz$|readyz$)/.test(path))).toEqual([]);
});

test('without built files the page says what to run, and works once they are there', async () => {
  const folder = await builtConsole();
  const missing = new URL('later/', folder);
  await using world = await apiWorld({ consoleFolder: missing });
  const { status, json } = await world.get('/');
  expect([status, json.code, json.hint]).toEqual([503, 'ConsoleNotBuilt', expect.stringContaining('`make setup`')]);
  expect((await world.get('/console/app-0a1b2c3d.js')).status).toBe(404);
  expect((await world.get('/v1/jobs')).status).toBe(200);
  await mkdir(missing);
  await writeFile(new URL('index.html', missing), page);
  expect((await world.get('/')).status).toBe(200);
});

test('an API without a console has none of its addresses', async () => {
  await using world = await apiWorld();
  for (const address of ['/', '/jobs', '/sign-in', '/console/icon.svg', '/console/session'])
    expect([address, (await world.get(address)).json.code]).toEqual([address, 'RouteNotFound']);
});
