// The complaints of docs/troubleshooting.md about processes that die, restart or are busy: each cause is injected into real
// processes, and the command of the page must name it.

import { randomBytes } from 'node:crypto';
import sharp from 'sharp';
import { afterAll, expect, it } from 'vitest';
import { startWorld, type FaultWorld } from '../support/world.ts';
import { EventStreamReader } from '../../support/eventStreamReader.ts';
import { anImage } from '../../support/installation.ts';
import { expectSymptom, printSymptoms } from '../../support/troubleshooting.ts';
import { until } from '../../support/until.ts';
import { addEdgeRow } from './edgeRows.ts';
import { outcomesOf } from './outcomes.ts';

afterAll(printSymptoms);

/** Waits until the job is explained by the cause. */
function explainedBy({ client }: FaultWorld, job: string, cause: string): Promise<boolean> {
  const explained = async (): Promise<boolean> =>
    (await client.explain(job)).tasks.some((task) => task.cause === cause);
  return until(explained, { what: `job ${job} to be explained by ${cause}`, timeoutMs: 30_000 });
}

/** Adds the row: each job must end, the hung ones by a cancel, and no finished task may lose its result. */
async function expectNothingLost(
  world: FaultWorld,
  fault: string,
  jobs: readonly string[],
  done: number,
): Promise<void> {
  const { client } = world;
  for (const job of jobs) if ((await client.get(job)).finishedAt === null) await client.cancel(job);
  const kept = (await Promise.all(jobs.map((job) => client.get(job)))).reduce(
    (sum, job) => sum + job.progress.succeeded,
    0,
  );
  const outcomes = { ...(await outcomesOf(client, jobs)), innocentsHarmed: done - kept };
  addEdgeRow({ fault: `troubleshooting: ${fault}`, ...outcomes, recoveredAfterMs: undefined });
  expect(outcomes).toMatchObject({ terminal: jobs.length, lost: 0, innocentsHarmed: 0 });
}

it('a worker that dies: stuck in in_progress, and stopped unexpectedly', async () => {
  // The API knows a silent worker for three times as long.
  const world = await startWorld({ env: { GENWARDEN_HEARTBEAT_TIMEOUT: '5s' } });
  const { standin, client, url, first } = world;
  standin.script([{ kind: 'hang' }, { kind: 'hang' }]);
  const { id: job } = await client.submit(anImage('a front yard'));
  await standin.waitFor((requests) => requests.length === 1, 20_000);
  // Without a controller the loss is seen, and nothing happens yet.
  await first.controller.stop();
  first.worker.kill('SIGKILL');
  await explainedBy(world, job, 'WorkerSilent');
  await until(async () => (await client.explain(job)).pool.workers === 0, {
    what: 'the pool without workers',
    timeoutMs: 20_000,
  });
  await expectSymptom(
    {
      complaint: 'It is stuck in `in_progress` after a restart',
      cause: 'the worker was killed',
      names: /why +Worker worker-\S+ is running it, but its last heartbeat was .* is considered lost/,
    },
    `genwarden explain ${job}`,
    { url },
  );
  await Promise.all([world.start('controller'), world.start('worker')]);
  await standin.waitFor((requests) => requests.length === 2, 30_000);
  const called = async (): Promise<boolean> => /had the call/.test((await client.explain(job)).tasks[0]!.summary);
  await until(called, { what: 'the call of the other worker', timeoutMs: 20_000 });
  await expectSymptom(
    {
      complaint: 'It stops unexpectedly',
      cause: 'the worker was killed; another one runs the task',
      names: /An earlier attempt lost its worker/,
    },
    `genwarden explain ${job}`,
    { url },
  );
  await expectNothingLost(world, 'a worker killed, the task runs elsewhere', [job], 0);
});

it('everything restarts: nobody has to stay on the page, the progress is saved, and a pause stays', async () => {
  const world = await startWorld({
    env: { GENWARDEN_HEARTBEAT_TIMEOUT: '2s' },
    behaviour: { kind: 'image', bytes: 'small' },
  });
  const { standin, client, url } = world;
  const done = ['front-yard', 'walkway'].map((name) => ({ name }));
  const hung = { name: 'porch', input: { prompt: 'a porch [standin: hang]' } };
  const { id: job } = await client.submit(
    anImage('a front yard', { tasks: [...done, hung], labels: { project: 'p42' } }),
  );
  const page = await EventStreamReader.open(`${url}/v1/jobs/${job}/events`);
  const halfDone = async (): Promise<boolean> => {
    const { succeeded, running } = (await client.get(job)).progress;
    return succeeded === 2 && running === 1;
  };
  await until(halfDone, { what: 'two pictures', timeoutMs: 30_000 });
  page.stop();
  await expectSymptom(
    {
      complaint: 'Do I have to stay on the page?',
      cause: 'the page was closed',
      names: new RegExp(`${job} +running .* 2/3`),
    },
    'genwarden list --state open --label project=p42',
    { url },
  );
  await restartWithoutWorker(world);
  await explainedBy(world, job, 'NoWorkers');
  await expectSymptom(
    {
      complaint: 'The progress is not saved',
      cause: 'NATS and every process were killed',
      names: new RegExp(`${job} +queued .* 2/3`),
    },
    `genwarden get ${job}`,
    { url },
  );
  await client.pausePool('default');
  await world.start('worker');
  await explainedBy(world, job, 'PoolPaused');
  await expectSymptom(
    {
      complaint: 'It is stuck in `pending` after a restart',
      cause: 'the pool was paused for the restart',
      names: /PoolPaused +Pool default is paused until it is resumed/,
      exitCode: 3,
    },
    'genwarden stuck --older-than 1s',
    { url },
  );
  await client.resumePool('default');
  await standin.waitFor((requests) => requests.length === 4, 30_000);
  await expectNothingLost(world, 'NATS and every process killed', [job], 2);
});

async function restartWithoutWorker({ first, nats, start }: FaultWorld): Promise<void> {
  for (const each of Object.values(first)) each.kill('SIGKILL');
  nats.kill('SIGKILL');
  await Promise.all([...Object.values(first), nats].map(({ exited }) => exited));
  await nats.restart();
  await Promise.all([start('api'), start('controller')]);
}

it('busy and lost connections: uploads block no other call, and NATS away is named', async () => {
  const world = await startWorld();
  await largeUploads(world);
  const { client, url, nats } = world;
  nats.kill('SIGKILL');
  await nats.exited;
  const lost = async (): Promise<boolean> => (await fetch(`${url}/readyz`)).status === 503;
  await until(lost, { what: 'the API to notice', timeoutMs: 30_000 });
  await expectSymptom(
    {
      complaint: 'It says "connection timeout"',
      cause: 'NATS is away',
      sample: 1,
      names: /✗ nats +NATS does not answer/,
      exitCode: 1,
    },
    'genwarden doctor',
    { url },
  );
  await nats.restart();
  const { id } = await client.submit(anImage('afterwards'));
  expect((await client.wait(id)).state).toBe('succeeded');
  await expectNothingLost(world, 'large uploads, a frozen API, NATS away', [id], 1);
});

async function largeUploads({ client, url, first, nats }: FaultWorld): Promise<void> {
  const side = 2_400;
  const noise = { raw: { width: side, height: side, channels: 3 as const } };
  const large = await sharp(randomBytes(side * side * 3), noise)
    .png({ compressionLevel: 0 })
    .toBuffer();
  let answered = false;
  const uploads = Array.from({ length: 6 }, async () => {
    do await client.uploadReference(large, 'image/png');
    while (!answered);
  });
  const complaint = 'An upload blocks everything';
  const command = `curl -s -m 2 -o /dev/null -w '%{http_code} in %{time_total} s\\n' http://127.0.0.1:8080/healthz`;
  const place = { url };
  try {
    await expectSymptom({ complaint, cause: 'six uploads of 17 MB each', names: /^200 in/ }, command, place);
  } finally {
    answered = true;
    await Promise.all(uploads);
  }
  first.api.kill('SIGSTOP');
  try {
    const frozen = { complaint, cause: 'the API is frozen', sample: 1, names: /event loop is blocked/, exitCode: 4 };
    await expectSymptom(frozen, 'genwarden doctor', { url, env: { GENWARDEN_NATS_URL: nats.url } });
  } finally {
    first.api.kill('SIGCONT');
  }
}
