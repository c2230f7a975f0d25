// Every process is replaced while clients submit jobs: by the same build, and by a build with a newer schema and back.

import { expect, it } from 'vitest';
import type { ProcessName } from '../../support/installation.ts';
import type { TestProcess } from '../../support/process.ts';
import { audit, story } from '../support/audit.ts';
import { keepSubmitting, submitMany } from '../support/load.ts';
import { newerBuild } from '../support/newerBuild.ts';
import { startWorld, type FaultWorld } from '../support/world.ts';

const drainsSoon = { GENWARDEN_DRAIN_TIMEOUT: '1s' };

it('a rolling restart of everything under load', async () => {
  const world = await startWorld({ env: drainsSoon, behaviour: { kind: 'image', bytes: 'small', latencyMs: 2_000 } });
  const running = new Map<ProcessName, TestProcess>(Object.entries(world.first) as [ProcessName, TestProcess][]);
  const load = keepSubmitting(world, { intervalMs: 200, tasks: 2 });
  for (let round = 0; round < 2; round += 1) {
    for (const name of ['worker', 'controller', 'api'] as const) {
      const asked = world.standin.requests.length;
      await world.standin.waitFor((requests) => requests.length >= asked + 4, 60_000);
      await replace(world, running, name);
    }
    world.nats.kill('SIGTERM');
    await world.nats.exited;
    await world.nats.restart();
  }
  const jobs = await load.stop();
  // An answer may be on its way when the drain timeout ends.
  const options = { fault: 'rolling restart under load', jobs, withinMs: 120_000, mostPaidTwice: 2 };
  const audited = await audit(world, options);
  const stories = audited.flatMap(({ tasks }) => tasks).map(story);
  expect(stories.some((one) => one.includes('WorkerDrained'))).toBe(true);
  expect(stories.every((one) => one.endsWith('succeeded') && !one.includes('WorkerLost'))).toBe(true);
});

it('a rolling upgrade to a newer schema, back, and forward again', async () => {
  const { program, adapters } = await newerBuild();
  const world = await startWorld({ env: drainsSoon, behaviour: { kind: 'image', bytes: 'small', latencyMs: 500 } });
  const running = new Map<ProcessName, TestProcess>(Object.entries(world.first) as [ProcessName, TestProcess][]);
  const load = keepSubmitting(world, { intervalMs: 300, tasks: 2 });
  // Both builds run side by side: the old worker receives specs that it must give back.
  const old = running.get('worker')!;
  running.set('worker', await world.start('worker', {}, program));
  await replace(world, running, 'api', program);
  const asked = world.standin.requests.length;
  await world.standin.waitFor((requests) => requests.length >= asked + 10, 60_000);
  await end(old);
  await replace(world, running, 'controller', program);
  const jobs = (await load.stop()).slice();
  // These run when the old build is back, which must leave them alone.
  jobs.push(...(await submitMany(world, { jobs: 2, tasks: 2, prompt: 'left [standin: image small after 4s]' })));
  await world.standin.waitFor((requests) => requests.some(({ prompt }) => prompt.includes('left')), 60_000);
  for (const name of ['worker', 'controller', 'api'] as const) await replace(world, running, name);
  const older = await submitMany(world, { jobs: 3, tasks: 2 });
  const served = await Promise.all(older.map((job) => world.client.wait(job)));
  expect(served.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'succeeded']);
  for (const name of ['api', 'controller', 'worker'] as const) await replace(world, running, name, program);
  jobs.push(...older);
  await audit(world, { fault: 'newer schema and back', jobs, withinMs: 120_000, adapters, watched: false });
});

/** Starts the new process first if both may run at the same time, then stops the old one gracefully. */
async function replace(
  world: FaultWorld,
  running: Map<ProcessName, TestProcess>,
  name: ProcessName,
  program?: string,
): Promise<void> {
  const old = running.get(name)!;
  const early = name === 'api' ? undefined : await world.start(name, {}, program);
  await end(old);
  running.set(name, early ?? (await world.start(name, {}, program)));
}

async function end(process: TestProcess): Promise<void> {
  process.kill('SIGTERM');
  expect((await process.exited).code).toBe(0);
}
