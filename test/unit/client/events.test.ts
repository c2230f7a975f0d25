// `client.events`: reads streams in pieces of any size, and resumes where it stopped when they break.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { GenwardenClient, type JobEvent } from '../../../src/client/index.ts';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** A server that answers requests with the given answers in turn, and repeats the last one. */
async function server(...answers: Answer[]): Promise<{ client: GenwardenClient; asked: (string | undefined)[] }> {
  const asked: (string | undefined)[] = [];
  const http = createServer((request, response) => {
    asked.push(request.headers['last-event-id'] as string | undefined);
    answers[Math.min(asked.length, answers.length) - 1]!(response, request);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  const { port } = http.address() as AddressInfo;
  return { client: new GenwardenClient({ url: `http://127.0.0.1:${port}` }), asked };
}

const event = (name: string, data: object, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

const streams =
  (...pieces: string[]): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const piece of pieces) response.write(piece);
    response.end();
  };

async function all<E>(events: AsyncIterable<E>): Promise<E[]> {
  const seen: E[] = [];
  for await (const one of events) seen.push(one);
  return seen;
}

const snapshot = event('snapshot', { id: 'job1', state: 'queued' }, 'e-1');
const task = event('task', { sequence: 2, state: 'running', name: 'wälk – way' }, 'e-2');
const end = event('job', { id: 'job1', state: 'succeeded' }, 'e-3');

test("a job's events end with the job; comments are ignored; chunks may be cut anywhere", async () => {
  const bytes = Buffer.from(`${snapshot}: alive\n\n${task}${event('progress', { progress: 0.5 })}${end}`);
  const cut = bytes.indexOf(Buffer.from('ä')) + 1;
  const { client, asked } = await server((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(bytes.subarray(0, cut), () => setImmediate(() => response.write(bytes.subarray(cut))));
  });
  const seen = await all(client.events('job1'));
  expect(seen.map(({ event: name }) => name)).toEqual(['snapshot', 'task', 'progress', 'job']);
  expect(seen[1]).toMatchObject({ id: 'e-2', data: { name: 'wälk – way' } });
  expect(asked).toEqual([undefined]);
});

test('it resumes after the last whole event when a stream ended, broke or was cut inside an event', async () => {
  const breaks: Answer = (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`${task}${end.slice(0, 20)}`, () => response.destroy());
  };
  const away: Answer = (response) => response.writeHead(503, { 'content-type': 'text/plain' }).end();
  const { client, asked } = await server(streams(snapshot), breaks, away, streams(end));
  const seen = await all(client.events('job1', { lastEventId: 'e-0' }));
  expect(seen.map(({ event: name }) => name)).toEqual(['snapshot', 'task', 'job']);
  expect(asked).toEqual(['e-0', 'e-1', 'e-2', 'e-2']);
});

test('it tells when the connection is open and lost; a silent one is replaced after `silenceMs`', async () => {
  const away: Answer = (response) => response.writeHead(503, { 'content-type': 'text/plain' }).end();
  const silent: Answer = (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(snapshot);
  };
  const { client, asked } = await server(silent, away, streams(end));
  const told: string[] = [];
  const onConnection = (state: 'open' | 'lost'): void => void told.push(state);
  const seen = await all(client.events('job1', { silenceMs: 1_500, onConnection }));
  expect(seen.map(({ event: name }) => name)).toEqual(['snapshot', 'job']);
  expect(told).toEqual(['open', 'lost', 'lost', 'open']);
  expect(asked).toEqual([undefined, 'e-1', 'e-1']);
});

test('a reset is passed on; all events continue after a job has ended, until the signal aborts', async () => {
  const reset = event('reset', { reason: 'too old' });
  const { client } = await server(streams(end), (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(reset + snapshot);
  });
  const stop = new AbortController();
  const seen: JobEvent[] = [];
  const watching = (async () => {
    for await (const one of client.events(undefined, { signal: stop.signal })) {
      seen.push(one);
      if (seen.length === 3) stop.abort(new Error('enough'));
    }
  })();
  await expect(watching).rejects.toThrow('enough');
  expect(seen.map(({ event: name }) => name)).toEqual(['job', 'reset', 'snapshot']);
});

test('an error of the API is thrown; leaving the loop closes the connection', async () => {
  const problem = { status: 404, code: 'JobNotFound', title: '', detail: 'There is no job', hint: '' };
  const refused = await server((response) => {
    response.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
  });
  await expect(all(refused.client.events('job1'))).rejects.toMatchObject({ code: 'JobNotFound' });
  let closed: (() => void) | undefined;
  const gone = new Promise<void>((resolve) => (closed = resolve));
  const { client } = await server((response) => {
    response.on('close', () => closed!());
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(snapshot);
  });
  for await (const { event: name } of client.events()) {
    expect(name).toBe('snapshot');
    break;
  }
  await gone;
});

test('a problem, because the token was revoked, is no event: the next connection throws what it is refused with', async () => {
  const problem = {
    status: 401,
    code: 'Unauthorized',
    title: '',
    detail: 'The token is unknown or has expired',
    hint: '',
  };
  const refuse: Answer = (response) => {
    response.writeHead(401, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
  };
  const { client, asked } = await server(streams(snapshot, task, event('problem', problem)), refuse);
  const seen: string[] = [];
  const watching = (async () => {
    for await (const one of client.events('job1')) seen.push(one.event);
  })();
  await expect(watching).rejects.toMatchObject({ code: 'Unauthorized', detail: problem.detail });
  expect(seen).toEqual(['snapshot', 'task']);
  expect(asked).toEqual([undefined, 'e-2']);
});
