// Spans of the real SDK: which traces are recorded, and that nothing waits for a receiver that does not answer.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { startMuteReceiver } from '../../../support/otelCollector.ts';
import { until } from '../../../support/until.ts';
import type { TracingOptions } from '../../../../src/telemetry/tracing/options.ts';
import { startTracing } from '../../../../src/telemetry/tracing/start.ts';
import { nameOf, noTracer, ownSpanId } from '../../../../src/telemetry/tracing/tracer.ts';

const parent = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', flags: 1, state: 'a=1' };

const tracingTo = (receiver: string | undefined, over: Partial<TracingOptions> = {}) =>
  startTracing({
    receiver,
    timeoutMs: 60_000,
    sampler: 'parentbased_always_on',
    samplerRatio: 1,
    scheduleDelayMs: 10,
    maxQueueSize: 100,
    serviceName: 'genwarden-test',
    instance: 'test-1',
    version: '1',
    logger: pino({ level: 'silent' }),
    ...over,
  });

test.each([
  ['parentbased_always_on', 1, 1, 1],
  ['parentbased_always_on', 0, 0, 1],
  ['parentbased_always_off', 1, 1, 0],
  ['always_off', 1, 0, 0],
  ['always_on', 0, 1, 1],
  ['traceidratio', 1, 0, 0],
] as const)('%s: a caller with flag %i gets %i, a new trace %i', async (sampler, flags, continued, begun) => {
  await using receiver = await startMuteReceiver();
  const { tracer, close } = await tracingTo(receiver.url, { sampler, samplerRatio: 0 });
  const child = tracer.start('child', { parent: { ...parent, flags } });
  expect(child.context).toMatchObject({ traceId: parent.traceId, flags: continued, state: 'a=1' });
  expect(ownSpanId(child, parent)).toMatch(/^[0-9a-f]{16}$/);
  const root = tracer.start('root', { parent: undefined, root: true });
  expect(root.context).toMatchObject({ traceId: expect.stringMatching(/^[0-9a-f]{32}$/), flags: begun });
  expect(tracer.start('neither', { parent: undefined }).context).toBeUndefined();
  await close();
});

test('without a receiver the context of the parent is passed on', async () => {
  const { tracer, close } = await tracingTo(undefined);
  expect(tracer).toBe(noTracer);
  const span = tracer.start('child', { parent });
  expect(span.context).toBe(parent);
  expect(ownSpanId(span, parent)).toBeUndefined();
  await close();
});

test('nothing waits for a receiver that never answers: more spans than its queue holds are dropped', async () => {
  await using receiver = await startMuteReceiver();
  const { tracer, close } = await tracingTo(receiver.url, { timeoutMs: 600_000 });
  for (let at = 0; at < 10_000; at += 1) tracer.start('span', { parent }).end();
  await until(() => receiver.accepted() > 0, { what: 'a first batch' });
  for (let at = 0; at < 10_000; at += 1) tracer.start('span', { parent }).end();
  // The time limit of the receiver is ten minutes; that of the test is not.
  await close();
});

test('an outage of the receiver is logged once, and its end; the log has no secret of its address', async () => {
  const lines: string[] = [];
  const destination = new Writable({ write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()) });
  let status = 400;
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(String(request.headers['authorization']));
    request.resume().on('end', () => response.writeHead(status).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const { tracer, close } = await tracingTo(`http://127.0.0.1:${port}/secret-path`, {
    headers: { authorization: 'secret-token' },
    logger: pino({ level: 'info' }, destination),
  });
  const failed = (count: number) => until(() => requests.length >= count, { what: `request ${count}` });
  for (const count of [1, 2, 3]) {
    tracer.start('span', { parent }).end();
    await failed(count);
  }
  status = 200;
  await until(
    () => {
      tracer.start('span', { parent }).end();
      return lines.some((line) => line.includes('traces_delivered'));
    },
    { what: 'the end of the outage' },
  );
  await close();
  expect(lines.filter((line) => line.includes('traces_undeliverable'))).toHaveLength(1);
  expect(lines.filter((line) => line.includes('traces_delivered'))).toHaveLength(1);
  expect(lines.join('')).not.toContain('secret');
  expect(requests[0]).toBe('secret-token');
});

test.each([
  [Object.assign(new Error('no'), { code: 'Unavailable' }), 'Unavailable'],
  [new TypeError('no'), 'TypeError'],
  ['no', 'Error'],
])('the type of %s', (thrown, type) => {
  expect(nameOf(thrown)).toBe(type);
});
