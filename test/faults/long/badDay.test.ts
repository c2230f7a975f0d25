// A bad day at the provider: 30 minutes in fast time, through the real SDK, with everything that a provider does wrong. It costs
// waiting, not jobs.

import { writeFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { audit } from '../support/audit.ts';
import { runDay } from '../support/badDay/day.ts';
import { firstKeys, models, newKeys, phases } from '../support/badDay/phases.ts';
import { dayLength, dayTable, dayWords, deviations, resultsOf } from '../support/badDay/report.ts';
import { startFastWorld, type FastWorld } from '../support/badDay/world.ts';

const speed = 10;
const workers = 2;

it('a bad day at the provider: every job ends as its phase declares', async () => {
  const day = await startFastWorld({
    speed,
    workers,
    keys: firstKeys,
    requestsPerMinute: 6,
    models: Object.values(models),
  });
  const lost = watchForExits(day);
  const run = await runDay(day, phases);
  const jobs = run.flatMap((one) => one.jobs.flatMap(({ id }) => id ?? []));
  await untilEnded(day, jobs);
  const results = await resultsOf(day, run);
  show(`${dayTable(results)}\n${dayWords(results)}`);
  expect(deviations(results)).toEqual([]);
  expect(lost).toEqual([]);
  // Otherwise the processes ran in real time.
  expect(dayLength(results)).toBeGreaterThan(20 * 60_000);
  const audited = await audit(day.world, { fault: 'bad day at the provider', jobs });
  const reasons = audited.flatMap(({ tasks }) => tasks.flat().map(({ state }) => state.reason));
  expect(reasons.filter((reason) => reason === 'WorkerLost' || reason === 'TaskOrphaned')).toEqual([]);
  expect(day.foreign.requests()).toBe(0);
  expect(leaks(day)).toEqual([]);
});

/** Resolves when all jobs have ended, or after a minute; the audit names those that are still open. */
async function untilEnded({ world }: FastWorld, jobs: readonly string[]): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  await Promise.all(jobs.map((job) => world.client.wait(job, { signal }).catch(() => undefined)));
}

/** The processes that exited before the end of the test. */
function watchForExits({ processes }: FastWorld): string[] {
  const exited: string[] = [];
  let ended = false;
  for (const one of processes) void one.exited.then(() => ended || exited.push(one.lines.at(-1) ?? ''));
  onTestFinished(() => void (ended = true));
  return exited;
}

/** The lines of logs that contain a key. */
function leaks({ processes }: FastWorld): string[] {
  const keys = [...firstKeys, ...newKeys];
  return processes.flatMap(({ lines }) => lines.filter((line) => keys.some((key) => line.includes(key))));
}

function show(report: string): void {
  process.stdout.write(`\n${report}\n`);
  const file = process.env['BAD_DAY_REPORT'];
  if (file !== undefined && file !== '') writeFileSync(file, report);
}
