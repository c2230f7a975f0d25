// The runbooks about queues, latency and failed tasks: each fault is injected into real processes, and the command with which the page
// opens must name it.

import { afterAll, expect, it } from 'vitest';
import { startInstallation, startWithoutWorkers, anImage, type Installation } from '../../support/installation.ts';
import { expectRunbook, printRunbooks } from '../../support/runbooks.ts';
import { until } from '../../support/until.ts';

afterAll(printRunbooks);

const hang = { kind: 'hang' } as const;

async function queuedAndRunning({ client }: Installation, queued: number, running: number): Promise<boolean> {
  return until(
    async () => {
      const [pool] = await client.pools();
      return pool?.queued === queued && pool.running === running;
    },
    { what: `${queued} queued and ${running} running tasks`, timeoutMs: 30_000 },
  );
}

const submitMany = ({ client }: Installation, count: number): Promise<unknown> =>
  client.submit(anImage('a front yard', { tasks: Array.from({ length: count }, () => ({})) }));

it('a queue without workers', async () => {
  const installation = await startWithoutWorkers();
  const { url } = installation;
  await submitMany(installation, 12);
  await expectRunbook(
    { alert: 'GenwardenQueueWithoutWorkers', fault: 'no worker runs', names: /^default .* 12 .* 0 +\d+\/\d+$/m },
    'genwarden pools',
    { url },
  );
});

it('a slow provider: late results and a queue that grows', async () => {
  const installation = await startInstallation({ env: { GENWARDEN_CONCURRENCY: '2' } });
  const { standin, client, url } = installation;
  standin.behave({ kind: 'image', bytes: 'small', latencyMs: 200 });
  await client.wait((await client.submit(anImage('quick', { tasks: Array.from({ length: 12 }, () => ({})) }))).id);
  standin.behave(hang);
  await submitMany(installation, 30);
  await queuedAndRunning(installation, 28, 2);
  const figures = /^Last|^success|^[✗!]|^POOL|^default/;
  await expectRunbook(
    {
      alert: 'GenwardenQueueGrowing',
      fault: 'both slots are busy',
      names: /^default +28 .* 2\/2 /m,
      shows: figures,
    },
    'genwarden top --once',
    { url },
  );
  await expectRunbook(
    {
      alert: 'GenwardenResultBurnFast',
      fault: 'the provider hangs',
      names: /^success .* queued 28 .* running 2/m,
      shows: figures,
    },
    'genwarden top --once',
    { url },
  );
  await expectRunbook(
    {
      alert: 'GenwardenResultBurnSlow',
      fault: 'the provider takes longer than usual',
      names: /\d waited [\d.]+ s \(usually .* to .*\)/,
    },
    'genwarden workers -o wide',
    { url },
  );
});

it('tasks that fail', async () => {
  const installation = await startInstallation();
  const { standin, client, url } = installation;
  const once = { maxAttempts: 1, attemptTimeout: '1s' } as const;
  const good = await client.submit(anImage('a walkway', { tasks: Array.from({ length: 18 }, () => ({})) }));
  await client.wait(good.id);
  standin.behave(hang);
  const failed = [];
  for (const prompt of ['a front yard', 'a porch'])
    failed.push((await client.submit(anImage(prompt, { policy: once }))).id);
  const ended = await Promise.all(failed.map((id) => client.wait(id)));
  expect(ended.map(({ state }) => state)).toEqual(['failed', 'failed']);
  const alert = 'GenwardenSuccessBurnFast';
  const fault = 'the provider hangs beyond the attempt timeout';
  await expectRunbook(
    { alert, fault, names: new RegExp(`^${failed[1]!} +failed`, 'm') },
    'genwarden list --state failed --limit 5',
    { url },
  );
  await expectRunbook({ alert, fault, sample: 1, names: /^task 0: AttemptTimeout: /m }, `genwarden get ${failed[1]!}`, {
    url,
  });
  await expectRunbook(
    {
      alert: 'GenwardenSuccessBurnSlow',
      fault: 'two of twenty tasks fail',
      names: /: 18 succeeded, 2 failed, 0 cancelled/,
      shows: /^Last|^success|^[✗!]/,
    },
    'genwarden top --once',
    { url },
  );
});
