// The complaints of docs/troubleshooting.md about jobs that wait, fail or seem lost: each cause is injected into real processes,
// and the command of the page must name it.

import { readdir } from 'node:fs/promises';
import { afterAll, expect, it } from 'vitest';
import type { SubmitRequest } from '../../../src/client/index.ts';
import { freePort } from '../../support/freePorts.ts';
import { anImage, startInstallation, startWithoutWorkers, type Installation } from '../../support/installation.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { expectSymptom, printSymptoms } from '../../support/troubleshooting.ts';
import { until } from '../../support/until.ts';

afterAll(printSymptoms);

const submit = async ({ client }: Installation, over: Partial<SubmitRequest> = {}): Promise<string> =>
  (await client.submit(anImage('a front yard', over))).id;

/** Waits until the job is explained by the cause. */
function explainedBy({ client }: Installation, job: string, cause: string): Promise<boolean> {
  const explained = async (): Promise<boolean> =>
    (await client.explain(job)).tasks.some((task) => task.cause === cause);
  return until(explained, { what: `job ${job} to be explained by ${cause}`, timeoutMs: 30_000 });
}

it('jobs without workers: starting, already in progress, and connections to nowhere', async () => {
  const installation = await startWithoutWorkers();
  const { url } = installation;
  const key = 'p42/illustration';
  const job = await submit(installation, { concurrencyKey: key });
  await explainedBy(installation, job, 'NoWorkers');
  await expectSymptom(
    {
      complaint: 'It is stuck on "starting"',
      cause: 'no worker runs',
      names: /why +No worker serves pool default/,
    },
    `genwarden explain ${job}`,
    { url },
  );
  await expectSymptom(
    {
      complaint: 'It says "already in progress"',
      cause: 'an open job holds the concurrency key',
      names: new RegExp(`Open job ${job} holds the concurrency key ${key}`),
      exitCode: 1,
    },
    `genwarden submit --prompt "a front yard" --concurrency-key ${key}`,
    { url },
  );
  const nowhere = {
    url: `http://127.0.0.1:${await freePort()}`,
    env: { GENWARDEN_NATS_URL: installation.nats.url },
  };
  await expectSymptom(
    {
      complaint: 'It says "connection timeout"',
      cause: 'no API listens at the address',
      names: /✗ api +no answer: connect ECONNREFUSED/,
      exitCode: 4,
    },
    'genwarden doctor',
    nowhere,
  );
});

it('jobs of a provider that hangs, refuses and limits: cannot stop, unclear errors, an empty folder, slow', async () => {
  const installation = await startInstallation();
  const { standin, client, url } = installation;
  standin.script([{ kind: 'hang' }]);
  const hung = await submit(installation);
  await standin.waitFor((requests) => requests.length === 1, 20_000);
  await expectSymptom(
    {
      complaint: 'It cannot be stopped',
      cause: 'the provider never answers',
      names: new RegExp(`${hung} +cancelled`),
    },
    `genwarden cancel ${hung}`,
    { url },
  );

  standin.script([{ kind: 'refuse-output', reason: 'IMAGE_SAFETY' }]);
  const refused = await submit(installation);
  await client.wait(refused);
  await expectSymptom(
    {
      complaint: 'The error is unclear',
      cause: 'the provider refuses the result for its content',
      names: /task 0: OutputRefused: /,
    },
    `genwarden get ${refused}`,
    { url },
  );
  await using folder = await tempFolder('pictures');
  await expectSymptom(
    {
      complaint: 'There is nothing in the output folder',
      cause: 'the task has failed',
      names: /task 0: OutputRefused: /,
      exitCode: 1,
    },
    `genwarden download ${refused} --to pictures`,
    { url, cwd: folder.path },
  );
  expect(await readdir(folder.path)).toEqual([]);

  // The worker may hold the right to further calls when the first is refused.
  standin.script([{ kind: 'rate-limited', retryMs: 30_000, times: 50 }]);
  const slow = await submit(installation);
  await explainedBy(installation, slow, 'KeysCooling');
  await expectSymptom(
    {
      complaint: 'It is slow',
      cause: 'the provider limits every key',
      names: /why +Gemini has rate-limited .* for every key of pool default: .*; next call/,
    },
    `genwarden explain ${slow}`,
    { url },
  );
});
