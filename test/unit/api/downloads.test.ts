// Downloads that meet a failure: none looks whole that is not, a problem carries no header of the bytes, and the log says why.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import Fastify from 'fastify';
import { pino, type Logger } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { guard } from '../../../src/api/routes/artifacts/download.ts';
import { GenwardenError } from '../../../src/job/errors/index.ts';
import { succeeded } from '../../../src/job/transitions.ts';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';
import { fakeArtifactStore } from '../../fakes/artifactStore.ts';

const bytes = randomBytes(300_000);
const lost = new GenwardenError('Unavailable', 'The connection for artifacts to NATS is lost.');

function aLog(): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  return { logger: pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) }), lines };
}

async function* failing(error: Error): AsyncGenerator<Uint8Array> {
  yield* [];
  throw error;
}

/** An API whose store streams `parts`, and the URL of an artifact of 300,000 bytes. */
async function anApi(parts: () => AsyncGenerator<Uint8Array>) {
  const { logger, lines } = aLog();
  const store = fakeArtifactStore();
  const stored = await store.put('default', bytes, 'image/png');
  let streams = 0;
  const stream = (): Promise<Readable> => {
    streams += 1;
    return Promise.resolve(Readable.from(parts(), { objectMode: false }));
  };
  const world: ApiWorld = await apiWorld({ artifacts: { ...store, stream }, logger });
  onTestFinished(() => world[Symbol.asyncDispose]());
  const job = await world.submit();
  await world.claim(job);
  await world.finish(job, 0, succeeded, { artifacts: [{ name: 'image', ...stored }] });
  return { world, url: `/v1/jobs/${job}/tasks/0/artifacts/image`, lines, streams: () => streams };
}

test('HEAD describes the artifact without reading it', async () => {
  const { world, url, streams } = await anApi(async function* none() {});
  const { statusCode, headers, rawPayload } = await world.api.inject({ method: 'HEAD', url });
  expect([statusCode, headers['content-length'], rawPayload.length]).toEqual([200, '300000', 0]);
  expect(headers['etag']).toMatch(/^"sha256:/);
  const part = await world.api.inject({ method: 'HEAD', url, headers: { range: 'bytes=0-9' } });
  // Ranges are for GET alone.
  expect([part.statusCode, part.headers['content-length']]).toEqual([200, '300000']);
  expect(streams()).toBe(0);
});

test('a failure before the first byte is a problem, and nothing in it describes the bytes', async () => {
  const { world, url } = await anApi(() => failing(lost));
  const { status, json, headers } = await world.get(url, { range: 'bytes=0-9' });
  expect([status, json.code, json.detail]).toEqual([503, 'Unavailable', lost.message]);
  expect(headers['retry-after']).toBeDefined();
  for (const name of ['etag', 'content-range', 'content-disposition', 'accept-ranges'])
    expect([name, headers[name]]).toEqual([name, undefined]);
  expect(headers['content-length']).not.toBe('10');
});

test('a failure in the middle cuts the body, and the log says what failed', async () => {
  const { world, url, lines } = await anApi(async function* half() {
    yield bytes.subarray(0, 150_000);
    throw lost;
  });
  const address = await world.api.listen({ port: 0, host: '127.0.0.1' });
  const response = await fetch(address + url);
  expect(response.status).toBe(200);
  await expect(response.arrayBuffer()).rejects.toThrow();
  expect(lines.join('')).toContain(
    'The download of artifact image (300000 bytes) was cut: The connection for artifacts to NATS is lost.',
  );
});

/** A server that sends `stream` to a client that reads only if it `reads`. */
async function served(stream: Readable, stalledMs: number) {
  const { logger, lines } = aLog();
  const app = Fastify();
  app.get('/', (_request, reply) => {
    guard(stream, reply, { path: '/', artifact: { name: 'image', bytes: 1e9 } }, { logger, stalledMs });
    return reply.send(stream);
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => app.close());
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  return { socket, lines };
}

test('a client that takes nothing is disconnected, which ends the stream', async () => {
  const endless = Readable.from(
    (function* parts() {
      for (;;) yield bytes;
    })(),
    { objectMode: false },
  );
  const { lines } = await served(endless, 50);
  await once(endless, 'close');
  expect(lines.join('')).toContain('The client took nothing for 0.05 s.');
});

test('a client that waits for a slow store is not', async () => {
  const slow = Readable.from(
    (async function* parts() {
      yield 'a first part';
      await new Promise((resolve) => setTimeout(resolve, 300));
      yield ' and a second one';
    })(),
    { objectMode: false },
  );
  const { socket, lines } = await served(slow, 50);
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => (text += part));
  await once(socket, 'end');
  expect(text).toContain(' and a second one');
  expect(lines).toEqual([]);
});
