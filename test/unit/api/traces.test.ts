// The trace of a request: the caller's is continued and passed on, also while this installation records none.

import { expect, test } from 'vitest';
import { apiWorld } from '../../fakes/apiWorld.ts';
import { fakeTracer } from '../../fakes/tracer.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
const body = { kind: 'image', input: { prompt: 'a red house' } };

test('a submit without a trace has none, and answers none', async () => {
  await using world = await apiWorld();
  const { json, headers } = await world.post('/v1/jobs', body);
  expect(json.traceId).toBeNull();
  expect(json).not.toHaveProperty('traceUrl');
  expect(headers['traceparent']).toBeUndefined();
  const { json: explained } = await world.get(`/v1/jobs/${json.id}/explain`);
  expect(explained.traceId).toBeNull();
});

test("the caller's trace is passed on while traces are off", async () => {
  await using world = await apiWorld({ traceUrl: 'https://traces.example/{traceId}?of={traceId}' });
  const { json, headers } = await world.post('/v1/jobs', body, { traceparent, tracestate: 'vendor=1' });
  expect(headers['traceparent']).toBe(traceparent);
  expect(json).toMatchObject({ traceId, traceUrl: `https://traces.example/${traceId}?of=${traceId}` });
  const [task] = (await world.log.read(json.id))!.tasks;
  expect(task!.last.state.of).toMatchObject({ trace: traceparent, traceState: 'vendor=1' });
  const { state } = await world.claim(json.id);
  expect(state.of.trace).toBe(traceparent);
  const got = await world.get(`/v1/jobs/${json.id}`);
  expect(got.json.traceId).toBe(traceId);
  expect(got.headers['traceparent']).toBeUndefined();
  const { json: listed } = await world.get('/v1/jobs');
  expect(listed.items[0]).toMatchObject({ traceId, traceUrl: expect.stringContaining(traceId) });
  const { json: explained } = await world.get(`/v1/jobs/${json.id}/explain`);
  expect(explained).toMatchObject({ traceId, traceUrl: expect.stringContaining(traceId) });
});

test.each([
  ['is not sampled', traceparent.replace(/01$/, '00'), traceId],
  ['is invalid', traceparent.replace(traceId, '0'.repeat(32)), null],
])('a trace that %s has no address', async (_name, header, id) => {
  await using world = await apiWorld({ traceUrl: 'https://traces.example/{traceId}' });
  const { json } = await world.post('/v1/jobs', body, { traceparent: header });
  expect(json.traceId).toBe(id);
  expect(json).not.toHaveProperty('traceUrl');
});

test('the job belongs to the span of its submit, and that to the one of the request', async () => {
  const tracer = fakeTracer();
  await using world = await apiWorld({ tracer });
  const { json, headers } = await world.post('/v1/jobs', body, { traceparent });
  const [request] = tracer.named('POST /v1/jobs');
  const [submit] = tracer.named('submit job');
  expect(request).toMatchObject({
    kind: 'server',
    ended: true,
    parent: { traceId, spanId: '00f067aa0ba902b7' },
    attributes: { 'http.response.status_code': 202, 'http.route': '/v1/jobs', 'url.path': '/v1/jobs' },
  });
  expect(submit).toMatchObject({ kind: 'producer', ended: true, parent: request!.context });
  expect(submit!.attributes).toMatchObject({ 'genwarden.job': json.id, 'messaging.destination.name': 'default' });
  expect(headers['traceparent']).toBe(`00-${traceId}-${request!.context.spanId}-01`);
  const [task] = (await world.log.read(json.id))!.tasks;
  expect(task!.last.state.of.trace).toBe(`00-${traceId}-${submit!.context.spanId}-01`);
  expect(JSON.stringify(tracer.spans)).not.toContain('red house');
});

test('without a caller the request begins a trace; refusals belong to it', async () => {
  const tracer = fakeTracer();
  await using world = await apiWorld({ tracer });
  const { json, headers, status } = await world.post('/v1/jobs', { ...body, pool: 'my-secret' });
  expect(status).toBe(422);
  expect(json.code).toBe('PoolNotFound');
  const [request] = tracer.named('POST /v1/jobs');
  expect(request).toMatchObject({ parent: undefined, failure: undefined });
  expect(headers['traceparent']).toContain(request!.context.traceId);
  expect(tracer.named('submit job')[0]).toMatchObject({ failure: 'PoolNotFound', ended: true });
  expect(JSON.stringify(tracer.spans)).not.toContain('my-secret');
});

test('probes and unknown paths begin no trace, and the key of a link is in none', async () => {
  const tracer = fakeTracer();
  await using world = await apiWorld({ tracer });
  await world.get('/healthz');
  await world.get('/nothing');
  expect(tracer.spans).toEqual([]);
  await world.get('/v1/jobs?label=a%3Dsecret');
  expect(tracer.spans).toHaveLength(1);
  expect(JSON.stringify(tracer.spans)).not.toContain('secret');
});
