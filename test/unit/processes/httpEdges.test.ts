// What the API's listener and the API answer to requests as bytes: odd, broken, slow, compressed, and by the book.

import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openListener, type Listener } from '../../../src/processes/listener.ts';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';
import { answersIn, exchange, requestText, sendRaw } from '../../support/rawHttp.ts';

const page = 'https://app.example.com';
const json = { 'content-type': 'application/json' };
const job = JSON.stringify({ kind: 'image', input: { prompt: 'a yard' } });

let world: ApiWorld;
let listener: Listener;
let port: number;
beforeAll(async () => {
  world = await apiWorld({ corsOrigins: [page] });
  const bodyPace = { everyMs: 500, bytes: 200 };
  const times = { headersTimeout: 300, connectionsCheckingInterval: 50 };
  listener = await openListener({ host: '127.0.0.1', port: 0, bodyPace, times });
  listener.serve((request, response) => world.api.routing(request, response));
  port = Number(new URL(listener.url).port);
});
afterAll(async () => {
  await listener.close();
  await world[Symbol.asyncDispose]();
});

const one = async (request: string | Buffer) => (await exchange(port, request))[0]!;
const submit = (headers: Record<string, string> = {}, body: string | Buffer = job): Buffer =>
  requestText('POST /v1/jobs', { ...json, ...headers }, body);

describe('what is not a valid request is a problem document', () => {
  test.each([
    ['bytes of TLS', '\x16\x03\x01\x02\x00\x01\x00', 400, 'MalformedRequest', /Invalid method/],
    ['an unknown method', 'BREW /v1/jobs HTTP/1.1\r\nHost: localhost\r\n\r\n', 400, 'MalformedRequest', /method/],
    ['a header with a space', requestText('GET /healthz', { 'x-a ': 'b' }), 400, 'MalformedRequest', /header/],
    ['no Host', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'MalformedRequest', /no header Host/],
    ['two Hosts', requestText('GET /healthz', { 'x-a': 'b\r\nHost: evil' }), 400, 'MalformedRequest', /host more than/],
    ['two keys', submit({ 'idempotency-key': 'a\r\nIdempotency-Key: b' }), 400, 'MalformedRequest', /more than once/],
    ['a key in Latin-1', submit({ 'idempotency-key': 'caf\xe9' }), 422, 'InvalidRequest', /idempotency-key: is not/],
    ['two lengths', submit({ 'x-a': 'b\r\nContent-Length: 3' }), 400, 'MalformedRequest', /Content-Length/],
    ['a length and chunks', submit({ 'transfer-encoding': 'chunked' }), 400, 'MalformedRequest', /Transfer-Encoding/],
    [
      'a coding of the transfer',
      requestText('POST /v1/jobs', { ...json, 'transfer-encoding': 'gzip, chunked' }),
      400,
      'MalformedRequest',
      /chunked/,
    ],
    ['invalid percent-encoding', requestText('GET /v1/jobs/%ff'), 400, 'MalformedRequest', /%ff at position 9/],
    ['the same in a query', requestText('GET /v1/jobs?search=%zz'), 400, 'MalformedRequest', /% at position 16/],
    ['a fragment', requestText('GET /v1/jobs#top'), 400, 'MalformedRequest', /fragment.* at position 8/],
    ['a target without /', requestText('GET *'), 400, 'MalformedRequest', /begin with/],
    ['a host in the target', requestText('GET http://evil.example/v1/jobs'), 403, 'ForeignHost', /evil\.example/],
    ['a long URL', requestText(`GET /v1/jobs?search=${'a'.repeat(20_000)}`), 414, 'UriTooLong', /16 KiB/],
    ['large headers', requestText('GET /healthz', { 'x-a': 'a'.repeat(20_000) }), 431, 'HeadersTooLarge', /16 KiB/],
    ['an unknown expectation', submit({ expect: 'tea' }), 417, 'ExpectationFailed', /Expect: tea/],
    ['a proxy', 'CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n', 405, 'MethodNotAllowed', /no proxy/],
  ])('%s', async (_name, request, status, code, detail) => {
    const { headers, problem, ...answer } = await one(request);
    expect({ ...answer, code: problem?.code }).toMatchObject({ status, code });
    expect(problem).toMatchObject({
      status,
      detail: expect.stringMatching(detail),
      requestId: headers['x-request-id'],
    });
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
  });

  test('pages of named origins read it', async () => {
    const { status, headers } = await one(requestText('GET /v1/jobs/%zz', { origin: page }));
    expect([status, headers['access-control-allow-origin']]).toEqual([400, page]);
  });
});

test('what is unusual but valid is served', async () => {
  const statusOf = async (request: string | Buffer): Promise<number> => (await one(request)).status;
  expect(await statusOf('\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')).toBe(200);
  expect(await statusOf('GET /healthz HTTP/1.0\r\n\r\n')).toBe(200);
  expect(await statusOf(requestText('GET http://localhost/v1/jobs?limit=1'))).toBe(200);
  expect(await statusOf(requestText('GET /healthz', { connection: 'close, upgrade', upgrade: 'websocket' }))).toBe(200);
  const chunks = `${job.length.toString(16)}\r\n${job}\r\n0\r\nX-Trailer: 1\r\n\r\n`;
  const head = requestText('POST /v1/jobs', { ...json, 'transfer-encoding': 'chunked', trailer: 'X-Trailer' });
  expect(await statusOf(Buffer.concat([head, Buffer.from(chunks)]))).toBe(202);
  const many = Object.fromEntries(Array.from({ length: 2_100 }, (_, at) => [`${at.toString(36)}x`, '']));
  expect(await statusOf(requestText('GET /healthz?x=1', many))).toBe(422);
});

test('requests in a row on one connection are answered in their order, also after refused bodies', async () => {
  const keep = { connection: 'keep-alive' };
  const requests = [
    requestText('GET /healthz', keep),
    requestText('POST /nothing', keep, '{}'),
    requestText('HEAD /v1/events', keep),
    requestText('DELETE /v1/jobs', { ...keep, 'content-type': 'text/plain' }, 'x'),
    requestText('GET /readyz'),
  ];
  const answers = await exchange(port, Buffer.concat(requests));
  expect(answers.map(({ status }) => status)).toEqual([200, 404, 200, 405, 200]);
  expect(answers[0]!.headers['keep-alive']).toBe('timeout=75');
});

describe('Expect: 100-continue', () => {
  const ask = { ...json, expect: '100-continue', 'content-length': String(job.length), connection: 'close' };

  test('the body is asked for once nothing refuses the request', async () => {
    const answers = await exchange(port, requestText('POST /v1/jobs', ask), job);
    expect(answers.map(({ status }) => status)).toEqual([100, 202]);
  });

  test.each([
    ['no endpoint', 'POST /nothing', {}, 404],
    ['another method', 'PUT /v1/jobs', {}, 405],
    ['a foreign host', 'POST /v1/jobs', { host: 'evil.example' }, 403],
    ['a large body', 'POST /v1/jobs', { 'content-length': '26214401' }, 413],
    ['a body of another type', 'POST /v1/jobs', { 'content-type': 'text/plain' }, 415],
    ['a body of another coding', 'POST /v1/jobs', { 'content-encoding': 'br' }, 415],
    ['an upload of another type', 'POST /v1/artifacts', { 'content-type': 'text/plain' }, 415],
  ])('%s is refused without the body, and the connection closes', async (_name, start, headers, status) => {
    const answers = await exchange(port, requestText(start, { ...ask, connection: 'keep-alive', ...headers }));
    expect(answers.map((answer) => answer.status)).toEqual([status]);
  });
});

describe('types and codings of bodies', () => {
  test.each([
    ['gzip', submit({ 'content-encoding': 'gzip' }, gzipSync(job)), 202],
    ['gzip by its old name', submit({ 'content-encoding': 'X-GZIP' }, gzipSync(job)), 202],
    ['no coding by name', submit({ 'content-encoding': 'identity' }), 202],
    ['another coding', submit({ 'content-encoding': 'br' }), 415],
    ['two codings', submit({ 'content-encoding': 'gzip, gzip' }), 415],
    ['no gzip', submit({ 'content-encoding': 'gzip' }), 400],
    ['half of gzip', submit({ 'content-encoding': 'gzip' }, gzipSync(job).subarray(0, 30)), 400],
    ['a bomb', submit({ 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(27_000_000, 32))), 413],
    ['UTF-8 by name', submit({ 'content-type': 'application/json; charset="UTF-8"' }), 202],
    ['Latin-1', submit({ 'content-type': 'application/json; charset=latin-1' }), 415],
    ['no type', requestText('POST /v1/jobs', {}, job), 415],
    ['a similar type', submit({ 'content-type': 'application/jsonp' }), 415],
  ])('%s', async (_name, request, status) => {
    const answer = await one(request);
    expect(answer.status).toBe(status);
    const refusesCoding = status === 415 && /encoded/.test(answer.problem.detail);
    expect(answer.headers['accept-encoding']).toBe(refusesCoding ? 'gzip' : undefined);
  });

  test('an image may be compressed too', async () => {
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    );
    const headers = { 'content-type': 'image/png', 'content-encoding': 'gzip' };
    expect((await one(requestText('POST /v1/artifacts', headers, gzipSync(png)))).status).toBe(201);
  });
});

describe('slow clients', () => {
  test('headers that do not end are a 408', async () => {
    const { status, problem } = await one('GET /healthz HTTP/1.1\r\nHost: localhost\r\n');
    expect([status, problem.code]).toEqual([408, 'RequestTimeout']);
  });

  test('a connection on which nothing is sent closes without an answer', async () => {
    expect(await sendRaw(port)).toBe('');
  });

  test('a body that trickles is a 408, and the connection closes', async () => {
    const socket = connect(port, '127.0.0.1');
    const closed = textUntilClose(socket);
    socket.write(requestText('POST /v1/jobs', { ...json, 'content-length': '10000', origin: page }));
    const trickle = setInterval(() => socket.write(' '), 20);
    const [{ status, problem, headers }] = answersIn(await closed) as [ReturnType<typeof answersIn>[0]];
    clearInterval(trickle);
    expect([status, problem.code, headers['connection']]).toEqual([408, 'RequestTimeout', 'close']);
    expect(headers['access-control-allow-origin']).toBe(page);
  });

  test('the rest of a refused body may not trickle either', async () => {
    const request = requestText('POST /nothing', { 'content-length': '10000', connection: 'keep-alive' });
    expect(answersIn(await sendRaw(port, request)).map(({ status }) => status)).toEqual([404]);
  });

  test('a long body that keeps arriving is read to its end', async () => {
    const socket = connect(port, '127.0.0.1');
    const closed = textUntilClose(socket);
    const padding = ' '.repeat(30_000);
    socket.write(requestText('POST /v1/jobs', { ...json, 'content-length': String(padding.length + job.length) }));
    // Several times as long as the pace looks back.
    const pieces = (padding + job).match(/[^]{1,1000}/g)!;
    const send = setInterval(() => {
      const piece = pieces.shift();
      if (piece === undefined) clearInterval(send);
      else socket.write(piece);
    }, 60);
    expect(answersIn(await closed).map(({ status }) => status)).toEqual([202]);
  });
});

async function textUntilClose(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(chunks).toString();
}
