// The rate limit of a key as the provider sees it: several workers, idleness before a burst, and a worker that is killed and
// replaced. In fast time.

import { expect, it } from 'vitest';
import { sleep } from '../../../src/async/sleep.ts';
import { rateLimited } from '../../support/badProvider/answers.ts';
import { until } from '../../support/until.ts';
import { audit } from '../support/audit.ts';
import { callsAboveLimit } from '../support/badDay/limit.ts';
import { startFastWorld } from '../support/badDay/world.ts';
import { submitMany } from '../support/load.ts';

const speed = 5;

it('six requests a minute, three workers: a burst after a pause, and a worker killed and replaced, never exceed it', async () => {
  const fast = await startFastWorld({ speed, keys: ['AIza-limit-key'], requestsPerMinute: 6, workers: 3 });
  // Long enough for grants from before to leave the minute.
  await sleep(fast.realMs(70_000));
  const jobs = await submitMany(fast.world, { jobs: 15 });
  await fast.world.standin.waitFor((requests) => requests.length >= 3, 30_000);
  fast.workers[0]!.kill('SIGKILL');
  await fast.startWorker();
  const audited = await audit(fast.world, { fault: 'rate limit, worker SIGKILL', jobs, mostPaidTwice: 4 });
  expect(audited.map(({ tasks }) => tasks[0]!.at(-1)!.state.state)).toEqual(Array(15).fill('succeeded'));
  expect(callsAboveLimit(fast)).toEqual([]);
  // The limit is used: a ring that admits too little would pass otherwise.
  expect(fast.provider.calls.length).toBeGreaterThanOrEqual(15);
});

it('a cool-down of 30 s holds for what workers had reserved before it', async () => {
  const fast = await startFastWorld({ speed, keys: ['AIza-cool-key'], requestsPerMinute: 60, workers: 2 });
  const { provider } = fast;
  provider.answer = ({ model }) => (provider.calls.length === 1 ? rateLimited(model, '30s') : undefined);
  const jobs = await submitMany(fast.world, {});
  await until(() => provider.calls[0]?.status === 429, { what: 'the 429' });
  const limitedAt = fast.now();
  // Until the worker has stored the cool-down.
  await sleep(fast.realMs(1_000));
  jobs.push(...(await submitMany(fast.world, { jobs: 5 })));
  await audit(fast.world, { fault: '429 with 30 s', jobs });
  const early = provider.calls.slice(1).filter(({ at }) => fast.fastAt(at) < limitedAt + 29_000);
  expect(early).toEqual([]);
});
