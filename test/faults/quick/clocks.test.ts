// Clocks that are wrong by ten minutes or jump change nothing, because all processes use the server's time.

import { expect, it } from 'vitest';
import { audit, story } from '../support/audit.ts';
import { withFaults } from '../support/faults.ts';
import { submitMany } from '../support/load.ts';
import { startWorld } from '../support/world.ts';

const tenMinutes = 600_000;

it('every process has a different time, ten minutes off', async () => {
  const world = await startWorld({ processes: [] });
  await Promise.all([
    world.start('controller', withFaults({ clock: -tenMinutes })),
    world.start('worker', withFaults({ clock: tenMinutes })),
    world.start('api', withFaults({ clock: 2 * tenMinutes })),
  ]);
  const policy = { attemptTimeout: '10s', runTimeout: '40s', queueTimeout: '60s' };
  const jobs = await submitMany(world, { jobs: 2, tasks: 3, policy });
  jobs.push(...(await submitMany(world, { prompt: '[standin: status 503 x1]', policy })));
  const audited = await audit(world, { fault: 'clocks 10 min wrong', jobs });
  for (const { tasks } of audited) {
    for (const entries of tasks) {
      expect(entries.at(-1)!.state.state).toBe('succeeded');
      for (const { at, state } of entries) expect(Math.abs(at - state.since)).toBeLessThan(5_000);
    }
  }
});

it('the clocks of worker and controller jump while tasks run', async () => {
  const world = await startWorld({ processes: ['api'] });
  const processes = await Promise.all([
    world.start('controller', withFaults({ clockJump: tenMinutes })),
    world.start('worker', withFaults({ clockJump: -tenMinutes })),
  ]);
  const jobs = await submitMany(world, { tasks: 5, prompt: '[standin: image small after 3s]' });
  await world.standin.waitFor((requests) => requests.length === 5, 20_000);
  for (const process of processes) process.kill('SIGUSR2');
  const audited = await audit(world, { fault: 'clock jumps', jobs });
  expect(audited[0]!.tasks.map(story)).toEqual(Array(5).fill('queued:Submitted running succeeded'));
});
