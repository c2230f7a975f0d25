// One trace of real processes as a real OpenTelemetry Collector receives it: from the submit through queue, attempts, provider and
// store to the webhook, with the links of a retry by the controller and of one by a person.

import { expect, onTestFinished, test } from 'vitest';
import { startOtelCollector, type ReceivedSpan } from '../../support/otelCollector.ts';
import { Site } from '../../support/site/site.ts';
import { until } from '../../support/until.ts';
import { startReceiver, webhookSecrets } from '../../support/webhookReceiver.ts';
import { traceTree } from './tree.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const callerSpan = '00f067aa0ba902b7';
const prompt = 'a garden that nobody else may read about';
const key = 'AIza-a-key-that-nobody-may-see';

const owned = <T extends AsyncDisposable>(it: T): T => {
  onTestFinished(() => it[Symbol.asyncDispose]());
  return it;
};

test('a job is one trace, from its submit to its webhook', async () => {
  const collector = owned(await startOtelCollector());
  const { secret, path } = await webhookSecrets();
  const receiver = await startReceiver(secret);
  const site = owned(
    await Site.start({
      pools: [{ name: 'default', keys: [{ key, requestsPerMinute: 60_000 }] }],
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_BSP_SCHEDULE_DELAY: '100',
        GENWARDEN_TRACE_URL: 'https://traces.example/{traceId}',
        GENWARDEN_WEBHOOK_SECRETS_FILE: path,
        GENWARDEN_WEBHOOK_ALLOW: '127.0.0.1',
      },
    }),
  );
  const response = await fetch(`${site.url}/v1/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-${callerSpan}-01` },
    body: JSON.stringify({
      kind: 'image',
      tasks: [
        { name: 'again', input: { prompt: `${prompt} [standin: nonsense x1]` } },
        { name: 'refused', input: { prompt: `${prompt} [standin: status 400 x1]` } },
      ],
      webhook: { url: `${receiver.url}/a-secret-path`, events: ['job.finished'] },
    }),
  });
  const job = (await response.json()) as { id: string; traceId: string; traceUrl: string };
  expect(job).toMatchObject({ traceId, traceUrl: `https://traces.example/${traceId}` });
  expect(await site.client.wait(job.id)).toMatchObject({ state: 'failed' });
  await site.client.retry(job.id);
  expect(await site.client.wait(job.id)).toMatchObject({ state: 'succeeded', traceId });

  const spans = await until(
    async () => complete((await collector.spans()).filter((span) => span.traceId === traceId)),
    {
      what: 'all spans of the trace',
      timeoutMs: 60_000,
    },
  );
  console.log(['', `trace ${traceId}`, ...traceTree(spans), ''].join('\n'));

  const named = (name: string): ReceivedSpan[] => spans.filter((span) => span.name === name);
  const [request] = named('POST /v1/jobs');
  const [submit] = named('submit job');
  expect(response.headers.get('traceparent')).toBe(`00-${traceId}-${request!.spanId}-01`);
  expect(request).toMatchObject({ parentSpanId: callerSpan, kind: 2, service: 'genwarden-api' });
  expect(submit).toMatchObject({ parentSpanId: request!.spanId, kind: 4 });
  const attempts = named('attempt').toSorted((one, other) => one.start - other.start);
  const ofTask = (task: number): ReceivedSpan[] =>
    attempts.filter(({ attributes }) => attributes['genwarden.task'] === task);
  for (const span of [
    ...attempts,
    ...named('wait in queue'),
    ...named('decide RetryDue'),
    ...named('webhook job.finished'),
  ])
    expect(span.parentSpanId).toBe(submit!.spanId);

  // A retry by the controller, and one by a person, link to the attempt before.
  expect(ofTask(0).map(({ failed }) => failed)).toEqual([true, false]);
  expect(ofTask(0)[1]!.links).toEqual([{ spanId: ofTask(0)[0]!.spanId, relation: 'earlier_attempt' }]);
  expect(ofTask(1).map(({ attributes }) => attributes['genwarden.run'])).toEqual([1, 2]);
  expect(ofTask(1)[1]!.links).toEqual([{ spanId: ofTask(1)[0]!.spanId, relation: 'earlier_run' }]);

  const calls = named('generate_content gemini-3.1-flash-image');
  expect(calls).toHaveLength(4);
  for (const call of calls) expect(attempts.map(({ spanId }) => spanId)).toContain(call.parentSpanId);
  const answered = calls.find(({ parentSpanId }) => parentSpanId === ofTask(0)[1]!.spanId)!;
  expect(answered).toMatchObject({
    kind: 3,
    service: 'genwarden-worker',
    failed: false,
    attributes: {
      'gen_ai.operation.name': 'generate_content',
      'gen_ai.provider.name': 'gcp.gemini',
      'gen_ai.request.model': 'gemini-3.1-flash-image',
      'gen_ai.response.model': expect.any(String),
      'gen_ai.usage.input_tokens': expect.any(Number),
      'gen_ai.usage.output_tokens': expect.any(Number),
      'gen_ai.output.type': 'image',
      'server.address': '127.0.0.1',
    },
  });
  const refused = calls.find(({ parentSpanId }) => parentSpanId === ofTask(1)[0]!.spanId)!;
  expect(refused).toMatchObject({ failed: true, attributes: { 'http.response.status_code': 400 } });
  expect(named('put artifact').length).toBeGreaterThanOrEqual(2);

  // The receiver of the webhook is part of the trace.
  const webhooks = named('webhook job.finished');
  expect(receiver.received.map(({ headers }) => headers['traceparent'])).toEqual(
    webhooks.map(({ spanId }) => `00-${traceId}-${spanId}-01`),
  );

  const everything = await collector.text();
  for (const text of [prompt, key, 'a-secret-path']) expect(everything).not.toContain(text);
});

/** All spans of the trace once it has both webhooks and each span's parent, but the caller's. */
function complete(spans: ReceivedSpan[]): ReceivedSpan[] | undefined {
  const ids = new Set([callerSpan, ...spans.map(({ spanId }) => spanId)]);
  const ended = spans.filter(({ name }) => name === 'webhook job.finished').length === 2;
  const attempts = spans.filter(({ name }) => name === 'attempt').length === 4;
  return ended && attempts && spans.every(({ parentSpanId }) => ids.has(parentSpanId)) ? spans : undefined;
}
