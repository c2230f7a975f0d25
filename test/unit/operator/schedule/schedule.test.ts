// GenerationSchedules: which GenerationJobs they create and delete, as a CronJob would.
import { describe, expect, test } from 'vitest';
import { generationScheduleStatus } from '../../../../src/operator/resources/generationSchedule.ts';
import { KubeError } from '../../../../src/ports/kubernetes.ts';
import { anOperator, aSchedule, created, finish, hour, jobs, minute, put, schedule, start } from './stage.ts';

const iso = (ms: number): string => new Date(ms).toISOString();
const nameAt = (ms: number): string => `nightly-${ms / minute}`;
const reasons = (events: readonly { reason: string }[]): string[] => events.map(({ reason }) => reason);

test('each time gets one GenerationJob with the template, an owner, and a name that says the time', async () => {
  const { world, operator } = await aSchedule();
  expect(jobs(world)).toEqual([]);
  expect(schedule(world).status).toMatchObject({ nextScheduleTime: iso(start + hour), activeCount: 0 });
  await operator.after(2 * hour);
  expect(jobs(world).map(({ metadata }) => metadata.name)).toEqual([nameAt(start + hour), nameAt(start + 2 * hour)]);
  const [first] = jobs(world);
  expect(first).toMatchObject({
    spec: { kind: 'image', input: { prompt: 'a yard' } },
    metadata: {
      labels: { project: 'p42', 'genwarden.dev/schedule': 'nightly' },
      annotations: { 'genwarden.dev/scheduled-at': iso(start + hour) },
      ownerReferences: [{ kind: 'GenerationSchedule', uid: schedule(world).metadata.uid, controller: true }],
    },
  });
  const { status } = schedule(world);
  expect(() => generationScheduleStatus.parse(status)).not.toThrow();
  expect(status).toMatchObject({
    lastScheduleTime: iso(start + 2 * hour),
    nextScheduleTime: iso(start + 3 * hour),
    activeCount: 2,
    active: [{ kind: 'GenerationJob', name: nameAt(start + hour) }, { name: nameAt(start + 2 * hour) }],
  });
  expect(reasons(operator.events)).toEqual(['SuccessfulCreate', 'SuccessfulCreate']);
});

describe('a restart', () => {
  test('after the create and before the status creates no second job', async () => {
    const { world, operator } = await aSchedule();
    world.cluster.fail(new KubeError(500, 'InternalError', 'etcd is away'), {
      times: Infinity,
      matches: ({ verb }) => verb === 'applyStatus',
    });
    await operator.after(hour);
    expect(jobs(world)).toHaveLength(1);
    expect(schedule(world).status?.lastScheduleTime).toBeUndefined();
    await operator.stop();
    world.cluster.back();
    await anOperator(world);
    expect(jobs(world)).toHaveLength(1);
    expect(schedule(world).status?.lastScheduleTime).toBe(iso(start + hour));
  });

  test('two operators at the same time create one job', async () => {
    const { world, operator } = await aSchedule();
    const { operator: other } = await anOperator(world);
    world.clock.skip(hour);
    await Promise.all([operator.after(minute), other.after(minute)]);
    expect(jobs(world)).toHaveLength(1);
  });

  test('after a downtime makes up for the latest time only', async () => {
    const { world, operator } = await aSchedule();
    await operator.stop();
    world.clock.skip(5 * hour + 10 * minute);
    const { operator: second } = await anOperator(world);
    expect(created(world)).toEqual([nameAt(start + 5 * hour)]);
    expect(reasons(second.events)).toEqual(['SuccessfulCreate']);
  });

  test('after more than 100 missed times says so', async () => {
    const { world, operator } = await aSchedule();
    await operator.stop();
    world.clock.skip(101 * hour);
    const { operator: second } = await anOperator(world);
    expect(created(world)).toEqual([nameAt(start + 101 * hour)]);
    expect(second.events[0]).toMatchObject({ type: 'Warning', reason: 'TooManyMissedTimes' });
  });

  test('creates nothing for a time that startingDeadlineSeconds is too short for', async () => {
    const { world, operator } = await aSchedule({ startingDeadlineSeconds: 60 });
    await operator.stop();
    world.clock.skip(hour + 2 * minute);
    const { operator: second } = await anOperator(world);
    expect(created(world)).toEqual([]);
    expect(new Set(reasons(second.events))).toEqual(new Set(['MissSchedule']));
    await second.after(58 * minute);
    expect(created(world)).toEqual([nameAt(start + 2 * hour)]);
  });
});

describe('concurrencyPolicy', () => {
  test('Forbid waits until the earlier job has finished', async () => {
    const { world, operator } = await aSchedule({ concurrencyPolicy: 'Forbid' });
    await operator.after(3 * hour);
    expect(created(world)).toEqual([nameAt(start + hour)]);
    expect(operator.events.at(-1)).toMatchObject({ type: 'Normal', reason: 'JobAlreadyActive' });
    finish(world, jobs(world)[0]!, 'succeeded');
    await operator.settle();
    expect(created(world)).toEqual([nameAt(start + hour), nameAt(start + 3 * hour)]);
  });

  test('Replace deletes the earlier job', async () => {
    const { world, operator } = await aSchedule({ concurrencyPolicy: 'Replace' });
    await operator.after(2 * hour);
    expect(jobs(world).map(({ metadata }) => metadata.name)).toEqual([nameAt(start + 2 * hour)]);
    expect(schedule(world).status).toMatchObject({ activeCount: 1, active: [{ name: nameAt(start + 2 * hour) }] });
  });
});

test('finished jobs are kept up to the history limits, the newest of each kind', async () => {
  const { world, operator } = await aSchedule({ successfulJobsHistoryLimit: 2, failedJobsHistoryLimit: 1 });
  for (let at = 1; at <= 6; at += 1) {
    await operator.after(hour);
    finish(world, jobs(world).at(-1)!, at % 2 === 0 ? 'failed' : 'succeeded');
    await operator.settle();
  }
  expect(jobs(world).map(({ metadata }) => metadata.name)).toEqual([3, 5, 6].map((at) => nameAt(start + at * hour)));
  expect(schedule(world).status).toMatchObject({ lastSuccessfulTime: iso(start + 5 * hour), activeCount: 0 });
});

test('suspend creates nothing; afterwards the latest missed time is made up for', async () => {
  const { world, operator } = await aSchedule({ suspend: true });
  await operator.after(3 * hour);
  expect(created(world)).toEqual([]);
  expect(schedule(world).status?.conditions).toMatchObject([
    { type: 'Ready', status: 'True', reason: 'Suspended' },
    { type: 'Stalled', status: 'False' },
  ]);
  put(world, { suspend: false });
  await operator.settle();
  expect(created(world)).toEqual([nameAt(start + 3 * hour)]);
});

test('the time zone decides, also when clocks change', async () => {
  const { world, operator } = await aSchedule({ schedule: '30 6 * * *', timeZone: 'America/New_York' });
  expect(schedule(world).status?.nextScheduleTime).toBe('2026-11-22T11:30:00.000Z');
  await operator.stop();
});

test.each([
  ['an expression that no calendar has', { schedule: '0 0 99 * *' }, 'InvalidSchedule'],
  ['an unknown time zone', { timeZone: 'Mars/Olympus' }, 'InvalidSchedule'],
  ['a day that never comes', { schedule: '0 0 30 2 *' }, 'NoNextTime'],
])('%s is Stalled with the reason', async (_what, spec, reason) => {
  const { world } = await aSchedule(spec);
  expect(schedule(world).status?.conditions).toMatchObject([
    { type: 'Ready', status: 'False', reason },
    { type: 'Stalled', status: 'True', reason },
  ]);
});

test('a job that the API server refuses is reported, and tried again', async () => {
  const { world, operator } = await aSchedule();
  world.cluster.fail(new KubeError(403, 'Forbidden', 'exceeded quota: jobs'), {
    times: 2,
    matches: ({ verb }) => verb === 'create',
  });
  await operator.after(hour);
  expect(operator.events[0]).toMatchObject({ type: 'Warning', reason: 'FailedCreate', note: 'exceeded quota: jobs' });
  expect(schedule(world).status?.conditions).toMatchObject([
    { reason: 'JobRefused', message: 'exceeded quota: jobs' },
    {},
  ]);
  await operator.after(10 * minute);
  expect(created(world)).toEqual([1, 2, 3].map(() => nameAt(start + hour)));
  expect(jobs(world)).toHaveLength(1);
});
