// Outages of the provider, in fast time: they cost waiting, not jobs, and hardly any calls.

import { expect, it } from 'vitest';
import { sleep } from '../../../src/async/sleep.ts';
import { overloaded } from '../../support/badProvider/answers.ts';
import { audit, story } from '../support/audit.ts';
import { startFastWorld, type FastWorld } from '../support/badDay/world.ts';
import { submitMany } from '../support/load.ts';

const defaults = { keys: ['AIza-outage-key'], requestsPerMinute: 6_000 };
const slots = 4;

it('60 s of 503 with 200 queued tasks: all succeed, and the provider is asked at most once in 2 s', async () => {
  const fast = await startFastWorld({ ...defaults, speed: 10 });
  const outageMs = 60_000;
  const outageEnds = fail(fast, outageMs);
  const jobs = await submitMany(fast.world, { jobs: 4, tasks: 50 });
  await sleep(fast.realMs(outageEnds - fast.now()));
  const during = fast.provider.calls.length;
  expect(during).toBeGreaterThan(0);
  expect(during).toBeLessThanOrEqual(outageMs / 2_000 + slots);
  const audited = await audit(fast.world, { fault: '503 for 60 s, 200 queued tasks', jobs });
  const ends = audited.flatMap(({ tasks }) => tasks.map((entries) => entries.at(-1)!.state));
  expect(ends.map(({ state }) => state)).toEqual(Array(200).fill('succeeded'));
  // Only the calls before the outage was known may have cost an attempt.
  expect(ends.filter(({ attempt }) => attempt > 1).length).toBeLessThanOrEqual(slots);
});

it('503 for 10 minutes with a deadline of 3 minutes: every job fails at its deadline, with the code of the provider', async () => {
  const fast = await startFastWorld({ ...defaults, speed: 20 });
  fail(fast, 10 * 60_000);
  const ids = await submitMany(fast.world, { jobs: 20, policy: { deadline: '3m' } });
  const audited = await audit(fast.world, { fault: '503 past the deadline', jobs: ids });
  const ends = audited.map(({ tasks }) => tasks[0]!.at(-1)!.state);
  expect(ends.map(({ state, reason }) => `${state}: ${reason}`)).toEqual(Array(20).fill('failed: ProviderUnavailable'));
  const jobs = await Promise.all(ids.map((id) => fast.world.client.get(id)));
  for (const { tasks } of jobs) {
    expect(tasks![0]!.error).toMatchObject({ code: 'ProviderUnavailable', provider: { status: 503 } });
  }
  // Not given up before: all of the three minutes were used.
  for (const { submittedAt, finishedAt } of jobs) {
    expect(Date.parse(finishedAt!) - Date.parse(submittedAt)).toBeGreaterThanOrEqual(170_000);
  }
  expect(fast.provider.calls.length).toBeLessThanOrEqual((3 * 60_000) / 2_000 + slots);
});

it("with onOutage: fail, a task does not wait for the provider's recovery", async () => {
  const fast = await startFastWorld({ ...defaults, speed: 10 });
  fail(fast, 10 * 60_000);
  const jobs = await submitMany(fast.world, { jobs: 3, policy: { onOutage: 'fail' } });
  const audited = await audit(fast.world, { fault: '503, onOutage: fail', jobs });
  const stories = audited.map(({ tasks }) => story(tasks[0]!));
  expect(stories.filter((one) => one.endsWith('failed'))).toHaveLength(3);
});

/** Answers 503 for so many fast ms from now; returns the fast instant at which that ends. */
function fail({ provider, now, fastAt }: FastWorld, forMs: number): number {
  const end = now() + forMs;
  provider.answer = ({ at }) => (fastAt(at) < end ? overloaded : undefined);
  return end;
}
