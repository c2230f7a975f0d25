// The trace of a webhook: its receiver gets it in the headers.

import { expect, test } from 'vitest';
import { newDelivery } from '../../../src/job/webhooks/delivery.ts';
import { postInTrace } from '../../../src/webhooks/postInTrace.ts';
import { fakeTracer } from '../../fakes/tracer.ts';

const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const event = {
  id: 'd1',
  tenant: 'default',
  job: 'job1',
  pool: 'default',
  task: null,
  event: 'job.finished',
  url: 'https://app.example/hooks/secret?token=secret',
  at: 1,
  order: 1,
  expiresAt: 2,
  data: {},
} as const;
const traced = newDelivery({ ...event, trace, traceState: 'vendor=1' }, 1);

const answered = (status: number) => Promise.resolve({ answered: true as const, status });

test('its span is part of the trace, and has no address of the receiver but its host', async () => {
  const tracer = fakeTracer();
  const sent: object[] = [];
  await postInTrace(traced, { tracer }, (headers) => (sent.push(headers), answered(204)));
  const [span] = tracer.named('webhook job.finished');
  expect(span).toMatchObject({ kind: 'client', ended: true, failure: undefined });
  expect(span!.attributes).toMatchObject({ 'server.address': 'app.example', 'server.port': 443 });
  expect(sent).toEqual([
    { traceparent: trace.replace('00f067aa0ba902b7', span!.context.spanId), tracestate: 'vendor=1' },
  ]);
  expect(JSON.stringify(tracer.spans)).not.toContain('secret');
});

test('while traces are off, the receiver gets the trace of the submit', async () => {
  const sent: object[] = [];
  await postInTrace(traced, {}, (headers) => (sent.push(headers), answered(204)));
  await postInTrace(newDelivery(event, 1), {}, (headers) => (sent.push(headers), answered(204)));
  expect(sent).toEqual([{ traceparent: trace, tracestate: 'vendor=1' }, {}]);
});

test('a refusal and an address without an answer fail the span', async () => {
  const tracer = fakeTracer();
  await postInTrace(traced, { tracer }, () => answered(410));
  await postInTrace(traced, { tracer }, () => Promise.resolve({ answered: false, reason: 'Timeout', message: 'late' }));
  expect(tracer.spans.map(({ failure }) => failure)).toEqual(['410', 'Timeout']);
});
