// The log becomes deliveries: each event once, whenever it is read, and nothing is skipped when something fails.
import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { GenwardenError, taskError } from '../../../src/job/errors/index.ts';
import type { TaskState } from '../../../src/job/task.ts';
import { approved, claimed, failed, newRun, succeeded, toReview } from '../../../src/job/transitions.ts';
import type { WebhookEvent } from '../../../src/job/webhooks/eventTypes.ts';
import type { WebhookDeliveries } from '../../../src/ports/webhookDeliveries.ts';
import { Collector } from '../../../src/webhooks/collector.ts';
import { virtualClock } from '../../fakes/clock.ts';
import { fakeJobLog, type FakeJobLog } from '../../fakes/jobLog.ts';
import { aJob, aRequest, freshJobId, start } from '../../fakes/tasks.ts';
import { fakeWebhookDeliveries, type FakeDeliveries } from '../../fakes/webhookDeliveries.ts';
import { until } from '../../support/until.ts';

const every: readonly WebhookEvent[] = ['job.finished', 'task.succeeded', 'task.needs_review'];

interface World {
  readonly log: FakeJobLog;
  readonly deliveries: FakeDeliveries;
  /** A new job whose webhook wants these events. */
  submit(total: number, webhook?: readonly WebhookEvent[]): Promise<readonly TaskState[]>;
  /** Starts a collector, as a process that has just become leader does. */
  collect(store?: Partial<WebhookDeliveries>): { stop(): Promise<void>; readonly stopped: Promise<unknown> };
  /** `job/…` without the job, in the order in which they were stored. */
  events(): string[];
}

function world(): World {
  const clock = virtualClock();
  const log = fakeJobLog({ clock });
  const deliveries = fakeWebhookDeliveries();
  return {
    log,
    deliveries,
    submit: async (total, webhook = every) => {
      const specs = aJob(total, { job: freshJobId(), webhook, labels: { a: 'b' } });
      const request = { ...aRequest, jobMetadata: { brand: 1 }, webhook: { url: 'https://app.example/hook' } };
      await log.submit(specs.map((spec) => ({ ...spec, detail: { ...spec.detail, request } })));
      return specs.map(({ state }) => state);
    },
    collect: (store = {}) => {
      const stop = new AbortController();
      const collector = new Collector({
        log,
        deliveries: { ...deliveries, ...store },
        clock,
        logger: pino({ level: 'silent' }),
        pendingOf: () => 0,
        onStored: () => undefined,
      });
      const stopped = collector.run('', stop.signal).catch((error: unknown) => error);
      const end = async (): Promise<void> => {
        stop.abort();
        await stopped;
      };
      onTestFinished(end);
      return { stop: end, stopped };
    },
    events: () => deliveries.all().map(({ delivery: { id } }) => id.slice(27)),
  };
}

/** Appends the claim and the end of a task's present run. */
function run(log: FakeJobLog, queued: TaskState, how: 'succeed' | 'fail' | 'review' = 'succeed'): TaskState {
  if (queued.state !== 'queued') throw new Error('only a queued task can run');
  const running = claimed(queued, 'worker-1', 1, start);
  log.append(running);
  const end =
    how === 'succeed'
      ? succeeded(running, start)
      : how === 'fail'
        ? failed(running, 'PromptRefused', start)
        : toReview(running, start);
  log.append(end, how === 'fail' ? { error: taskError('PromptRefused', 'no') } : {});
  return end;
}

const stored = (at: World, count: number) =>
  until(() => at.events().length === count, { what: `${count} deliveries; there are ${at.events().join()}` });

test('the events that the job wants are stored, the task before the job', async () => {
  const at = world();
  at.collect();
  const [task] = await at.submit(1);
  run(at.log, task!);
  await stored(at, 2);
  expect(at.events()).toEqual(['0-1-succeeded', 'finished-1']);
  const [first, last] = at.deliveries.all().map(({ delivery }) => delivery);
  expect(first!.order).toBeLessThan(last!.order);
  expect(first).toMatchObject({ event: 'task.succeeded', task: 0, url: 'https://app.example/hook', state: 'pending' });
  expect(first!.data).toMatchObject({ labels: { a: 'b' }, metadata: { brand: 1 }, task: { index: 0, run: 1 } });
  expect(last!.data).toMatchObject({ state: 'succeeded', progress: { total: 1, succeeded: 1 }, failures: [] });
});

test('other events and jobs without a webhook make no deliveries', async () => {
  const at = world();
  at.collect();
  const [quiet] = await at.submit(1, []);
  run(at.log, quiet!);
  const [reviewed] = await at.submit(1, ['task.needs_review']);
  const inReview = run(at.log, reviewed!, 'review');
  await stored(at, 1);
  if (inReview.state === 'needs_review') at.log.append(approved(inReview, start));
  const [other] = await at.submit(1, ['job.finished']);
  run(at.log, other!, 'fail');
  await stored(at, 2);
  expect(at.events()).toEqual(['0-1-needs-review', 'finished-1']);
  expect(at.deliveries.all()[1]!.delivery.data).toMatchObject({
    state: 'failed',
    failures: [{ index: 0, reason: 'PromptRefused', error: { code: 'PromptRefused' } }],
    task: { index: 0 },
  });
});

test('a job has finished when its last task ends, and a job of many tasks is read only a few times', async () => {
  const at = world();
  at.collect();
  const tasks = await at.submit(40, ['job.finished']);
  for (const task of tasks.slice(0, -1)) run(at.log, task);
  const [other] = await at.submit(1, ['job.finished']);
  run(at.log, other!);
  await stored(at, 1);
  run(at.log, tasks.at(-1)!);
  await stored(at, 2);
  expect(at.events()).toEqual(['finished-1', 'finished-40']);
  expect(at.log.calls.filter((call) => call === 'read').length).toBeLessThan(20);
});

test('each finish of a retried job is an event, even if both are read only after the second', async () => {
  const at = world();
  const [one, two] = await at.submit(2, ['job.finished']);
  run(at.log, one!);
  const ended = run(at.log, two!, 'fail');
  if (ended.state !== 'failed') throw new Error('it failed');
  const again = newRun(ended, 'Retried', start);
  at.log.append(again, { request: { ...aRequest, webhook: { url: 'https://app.example/hook' } } });
  run(at.log, again);
  at.collect();
  await stored(at, 2);
  expect(at.events()).toEqual(['finished-2', 'finished-3']);
  const states = at.deliveries.all().map(({ delivery }) => delivery.data['state']);
  expect(states).toEqual(['failed', 'succeeded']);
});

test('what could not be stored is stored later, by this process or the next; nothing is stored twice', async () => {
  const at = world();
  const [one] = await at.submit(1);
  run(at.log, one!);
  let refusals = 0;
  const first = at.collect({
    write: async () => {
      refusals += 1;
      throw new GenwardenError('Unavailable', 'NATS is away');
    },
  });
  await until(() => refusals > 2, { what: 'refused writes' });
  await first.stop();
  expect((await at.deliveries.position())?.sequence ?? 0).toBeLessThan(at.log.entries.at(-1)!.sequence);
  const second = at.collect();
  await stored(at, 2);
  await second.stop();
  // As after a kill before the position was saved.
  await at.deliveries.savePosition({ epoch: (await at.deliveries.position())!.epoch, sequence: 0 });
  const [two] = await at.submit(1);
  run(at.log, two!);
  at.collect();
  await stored(at, 4);
  expect(at.events()).toEqual(['0-1-succeeded', 'finished-1', '0-1-succeeded', 'finished-1']);
});

test('a message that only a newer version can read ends the collector, which leaves it to that version', async () => {
  const at = world();
  const { stopped } = at.collect();
  const [task] = await at.submit(1);
  run(at.log, task!);
  await stored(at, 2);
  at.log.announce({ event: 'newer', sequence: 99 });
  expect(await stopped).toMatchObject({ code: 'NotReady' });
});
