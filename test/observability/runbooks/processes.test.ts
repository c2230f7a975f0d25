// The runbooks about processes, NATS and clocks: each fault is injected into real processes, and the command with which the page opens
// must name it.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, it } from 'vitest';
import type { TaskWrite } from '../../../src/job/task.ts';
import { withFaults } from '../../faults/support/faults.ts';
import { startWorld } from '../../faults/support/world.ts';
import { anImage, startInstallation } from '../../support/installation.ts';
import { expectRunbook, printRunbooks } from '../../support/runbooks.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { until } from '../../support/until.ts';

afterAll(printRunbooks);

it('no controller: overdue tasks, and none that leads', async () => {
  const installation = await startInstallation({ processes: ['worker', 'api'] });
  const { standin, client, url, start } = installation;
  // Once, so that the stream and its consumers exist.
  const controller = await start('controller');
  standin.script([{ kind: 'status', status: 500 }]);
  const { id } = await client.submit(anImage('a front yard', { policy: { backoff: { initial: '3s', max: '3s' } } }));
  await until(async () => (await client.get(id)).state === 'waiting', { what: 'a failed attempt', timeoutMs: 20_000 });
  await controller.stop();
  await until(async () => (await client.stuck()).items.some(({ cause }) => cause === 'Overdue'), {
    what: 'an overdue task',
    timeoutMs: 60_000,
    intervalMs: 200,
  });
  await expectRunbook(
    {
      alert: 'GenwardenTasksOverdue',
      fault: 'no controller runs',
      names: new RegExp(`^${id} .* Overdue +It should have changed`, 'm'),
      exitCode: 3,
    },
    'genwarden stuck',
    { url },
  );
  await expectRunbook(
    {
      alert: 'GenwardenNoLeader',
      fault: 'no controller runs',
      names: /✗ controller +no controller leads/,
      shows: /nats |controller|Start one|index/,
      exitCode: 1,
    },
    'genwarden doctor',
    { url },
  );
});

it('everything runs: what metrics that Prometheus lacks look like from here', async () => {
  const { client, url } = await startInstallation();
  const { id } = await client.submit(anImage('a front yard'));
  await client.wait(id);
  await expectRunbook(
    {
      alert: 'GenwardenMetricAbsent',
      fault: 'Prometheus does not scrape the controllers',
      names: /✓ controller +\S+ leads; no task is overdue/,
      shows: /nats |controller/,
    },
    'genwarden doctor',
    { url },
  );
});

it('a finished task that changes without a retry', async () => {
  const world = await startWorld();
  const { client, url, first } = world;
  const { id } = await client.submit(anImage('a front yard'));
  await client.wait(id);
  const log = await world.log();
  const { state, detail, sequence } = (await log.read(id))!.tasks[0]!.last;
  // What no process does: a terminal status over a terminal status.
  await log.write({ state, detail } as TaskWrite, sequence);
  const metrics = /metrics on (http:\S+?)"/.exec(await first.controller.waitForLine(/metrics on/))![1]!;
  const counted = async (): Promise<boolean> => {
    // As Prometheus asks: a controller adds to its counters after the first scrape.
    const page = await fetch(metrics, { headers: { 'x-prometheus-scrape-timeout-seconds': '10' } });
    return /^genwarden_invariant_violations_total\{invariant="TerminalTaskChanged"\} 1$/m.test(await page.text());
  };
  await until(counted, { what: 'the violation to be counted', timeoutMs: 20_000 });
  await using folder = await tempFolder('bundle');
  await expectRunbook(
    {
      alert: 'GenwardenInvariantViolated',
      fault: 'a status was written over the status of a finished task',
      names: /^Wrote support\.json\. It contains no keys/m,
      shows: /controller|Wrote/,
    },
    'genwarden doctor --bundle support.json',
    { url, cwd: folder.path },
  );
  await writeFile(join(folder.path, 'controller.log'), `${first.controller.lines.join('\n')}\n`);
  await expectRunbook(
    {
      alert: 'GenwardenInvariantViolated',
      fault: 'the same, in the log of the controller',
      sample: 1,
      names: new RegExp(`"event":"invariant_violated","job":"${id}".*"invariant":"TerminalTaskChanged"`),
    },
    'grep invariant_violated controller.log',
    { url, cwd: folder.path },
  );
});

it('an API without NATS', async () => {
  const { nats, url } = await startInstallation();
  nats.kill('SIGKILL');
  await nats.exited;
  await until(async () => (await fetch(`${url}/readyz`)).status === 503, {
    what: 'the API to notice',
    timeoutMs: 30_000,
  });
  await expectRunbook(
    {
      alert: 'GenwardenNatsAway',
      fault: 'NATS was killed',
      names: /✗ nats +NATS does not answer/,
      shows: /api|nats |NATS is running|controller/,
      exitCode: 1,
    },
    'genwarden doctor',
    { url },
  );
});

it('clocks that are wrong, and a worker that is lost', async () => {
  const { standin, client, url, start } = await startInstallation({
    env: { ...withFaults({ clock: 90_000 }), GENWARDEN_HEARTBEAT_TIMEOUT: '2s' },
  });
  await expectRunbook(
    {
      alert: 'GenwardenClockSkew',
      fault: 'the clock is 90 s ahead',
      names: /✗ clock +this machine's clock is 1 min [\d.]+ s ahead of the NATS server's/,
      shows: /clock|NTP/,
      exitCode: 1,
    },
    'genwarden doctor',
    { url },
  );
  standin.behave({ kind: 'hang' });
  const killed = await start('worker');
  await client.submit(anImage('a front yard', { tasks: Array.from({ length: 8 }, () => ({})) }));
  await standin.waitFor((requests) => requests.length === 8, 20_000);
  killed.kill('SIGKILL');
  const lost = async (): Promise<boolean> => {
    const workers = await client.workers();
    return workers.some(({ state }) => state === 'lost') && workers.some(({ slots }) => slots.busy === 4);
  };
  await until(lost, { what: 'the worker to be lost', timeoutMs: 20_000 });
  await expectRunbook(
    {
      alert: 'GenwardenRecoverySlow',
      fault: 'a worker was killed; the other one has no free slot',
      names: / lost$/m,
    },
    'genwarden workers',
    { url },
  );
});
