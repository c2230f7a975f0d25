// The event recorder: the first event at once, repetitions as a count that is written rarely, rate limits, and never an error.
import { monotonicFrom } from '../../../../src/job/time.ts';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import {
  createEventRecorder,
  type EventTimes,
  type RecordedEvent,
} from '../../../../src/operator/events/eventRecorder.ts';
import { eventType } from '../../../../src/operator/events/event.ts';
import { KubeError } from '../../../../src/ports/kubernetes.ts';
import { createOperatorMetrics } from '../../../../src/telemetry/metrics.ts';
import { FakeCluster } from '../../../fakes/cluster.ts';
import { until } from '../../../support/until.ts';

const start = Date.UTC(2026, 10, 22);
const refused: RecordedEvent = { type: 'Warning', reason: 'Refused', action: 'Submit', note: 'There is no pool x' };
const things = { group: 'genwarden.dev', version: 'v1alpha1', kind: 'GenerationJob', plural: 'generationjobs' };

interface Written {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
  readonly [field: string]: unknown;
}

function stage(times: Partial<EventTimes> = {}) {
  const cluster = new FakeCluster();
  const metrics = createOperatorMetrics(new Registry());
  const time = { ms: 0 };
  const clock = { now: () => start + time.ms, monotonic: () => monotonicFrom(time.ms) };
  const logger = pino({ enabled: false });
  const quick = { flushEvery: 5, retryAfter: 1, ...times };
  const recorder = createEventRecorder({ cluster, clock, metrics, logger, instance: 'operator-1', times: quick });
  onTestFinished(() => recorder.close());
  const written = (): Written[] => cluster.all(eventType) as unknown as Written[];
  const writes = (): number => cluster.calls.length;
  const dropped = async (cause: string): Promise<number> =>
    (await metrics.droppedEvents.get()).values.find(({ labels }) => labels.cause === cause)?.value ?? 0;
  const object = (name = 'yard') => cluster.put(things, { metadata: { name, namespace: 'garden' } });
  const writesAre = (count: number) => until(() => writes() === count, { what: `${count} writes`, intervalMs: 1 });
  return { cluster, recorder, time, written, writes, writesAre, dropped, object };
}

test('an event has all fields that kubectl shows', async () => {
  const { recorder, object, written, writesAre } = stage();
  const about = object();
  recorder.record(about, refused);
  await writesAre(1);
  expect(written()).toMatchObject([
    {
      apiVersion: 'events.k8s.io/v1',
      metadata: { name: expect.stringMatching(/^yard\.[0-9a-f]{16}$/), namespace: 'garden' },
      eventTime: '2026-11-22T00:00:00.000000Z',
      type: 'Warning',
      reason: 'Refused',
      action: 'Submit',
      note: 'There is no pool x',
      reportingController: 'genwarden.dev/operator',
      reportingInstance: 'operator-1',
      regarding: { kind: 'GenerationJob', name: 'yard', namespace: 'garden', uid: about.metadata.uid },
    },
  ]);
  expect(written()[0]).not.toHaveProperty('series');
});

test('repetitions form a series: the second is written at once, later ones after minutes, the final count at the end', async () => {
  const { recorder, object, written, writesAre, time, writes } = stage({ writeEvery: 1_000, endsAfter: 2_000 });
  const about = object();
  recorder.record(about, refused);
  await writesAre(1);
  recorder.record(about, refused);
  await writesAre(2);
  expect(written()[0]?.series).toEqual({ count: 2, lastObservedTime: '2026-11-22T00:00:00.000000Z' });
  for (let again = 0; again < 50; again += 1) recorder.record(about, refused);
  expect(writes()).toBe(2);
  time.ms = 1_500;
  await writesAre(3);
  expect(written()[0]?.series?.count).toBe(52);
  recorder.record(about, refused);
  time.ms = 4_000;
  await writesAre(4);
  expect(written()).toMatchObject([{ series: { count: 53, lastObservedTime: '2026-11-22T00:00:01.500000Z' } }]);
  recorder.record(about, refused);
  await until(() => written().length === 2, { what: 'a new event, as the series was over' });
});

test('other notes, reasons and objects make new events', async () => {
  const { recorder, object, written, writesAre } = stage();
  const about = object();
  recorder.record(about, refused);
  recorder.record(about, { ...refused, note: 'There is no pool y' });
  recorder.record(about, { ...refused, type: 'Normal' });
  recorder.record(object('other'), refused);
  await writesAre(4);
  expect(written()).toHaveLength(4);
});

test('an object with too many events is rate limited, others are not', async () => {
  const { recorder, object, dropped, writesAre, time } = stage();
  const noisy = object();
  for (let count = 0; count < 100; count += 1) recorder.record(noisy, { ...refused, note: `number ${count}` });
  recorder.record(object('quiet'), refused);
  await writesAre(26);
  expect(await dropped('rate')).toBe(75);
  time.ms = 300_000;
  recorder.record(noisy, { ...refused, note: 'minutes later' });
  await writesAre(27);
});

test('while the API server is unreachable, an event is retried a few times and then dropped without an error', async () => {
  const { cluster, recorder, object, dropped, written, writes } = stage();
  const about = object();
  cluster.away();
  recorder.record(about, refused);
  await until(async () => (await dropped('error')) === 1, { what: 'the event to be dropped' });
  expect(writes()).toBe(3);
  cluster.back();
  cluster.fail(new KubeError(500, 'InternalError', 'oops'));
  recorder.record(about, { ...refused, reason: 'Other' });
  await until(() => written().length === 1, { what: 'the second try' });
});

test('a write to a deleted namespace is not retried', async () => {
  const { cluster, recorder, object, dropped, writes } = stage();
  const about = object();
  cluster.fail(new KubeError(404, 'NotFound', 'namespaces "garden" not found'));
  recorder.record(about, refused);
  await until(async () => (await dropped('error')) === 1, { what: 'the event to be dropped' });
  expect(writes()).toBe(1);
});

test("a long note is cut to the API server's limit, at the end of a character", async () => {
  const { recorder, object, written, writesAre } = stage();
  recorder.record(object(), { ...refused, note: 'ä'.repeat(2_000), reason: 'R'.repeat(200) });
  await writesAre(1);
  const { note, reason } = written()[0] as unknown as { note: string; reason: string };
  expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1_024);
  expect(note).toMatch(/^ä+…$/);
  expect(reason).toHaveLength(128);
});

test('record never throws', () => {
  const { recorder } = stage();
  expect(() => recorder.record({} as never, refused)).not.toThrow();
});

test('close writes pending counts', async () => {
  const { recorder, object, written } = stage();
  const about = object();
  for (let count = 0; count < 9; count += 1) recorder.record(about, refused);
  await recorder.close();
  expect(written()).toMatchObject([{ series: { count: 9 } }]);
});
