// NATS is away for a minute while calls finish: workers keep the results and write them when NATS is back.

import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { audit, story } from '../support/audit.ts';
import { submitMany } from '../support/load.ts';
import { startWorld } from '../support/world.ts';

it.each([
  { fault: 'NATS away for a minute', attemptTimeout: '90s' },
  // The calls finish in time, although their status arrives a minute late.
  { fault: "NATS away past the attempts' end", attemptTimeout: '25s' },
])('$fault', async ({ fault, attemptTimeout }) => {
  const world = await startWorld({ behaviour: { kind: 'image', bytes: 'small', latencyMs: 15_000 } });
  const jobs = await submitMany(world, { jobs: 2, tasks: 5, policy: { attemptTimeout } });
  await world.standin.waitFor((requests) => requests.length === 5, 20_000);
  world.nats.kill('SIGKILL');
  await world.nats.exited;
  await pause(60_000);
  expect(world.standin.requests.map(({ outcome }) => outcome)).toEqual(Array(5).fill('answered'));
  await world.nats.restart();
  const audited = await audit(world, { fault, jobs, withinMs: 90_000, graceMs: 60_000 });
  const stories = audited.flatMap(({ tasks }) => tasks).map(story);
  expect(stories).toEqual(Array(10).fill('queued:Submitted running succeeded'));
});
