// The program generator: typed text by a model of OpenAI, with an answer that breaks the schema, a refusal, and a program that dies.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startInstallation } from '../support/installation.ts';
import { endOf, examplesOf } from './support/example.ts';

const generate = 'program-generator/generate.ts';

it('generates weeks and days by a model of OpenAI, and a second run costs nothing', async () => {
  const { nats, standin } = await startInstallation({ processes: [] });
  const openai = { GENWARDEN_OPENAI_API_KEYS: 'sk-one', GENWARDEN_OPENAI_BASE_URL: `${standin.url}/v1` };
  const { url } = await startInstallation({ nats, env: { ...openai, GENWARDEN_GEMINI_API_KEYS: undefined } });
  const example = await examplesOf({ url });
  const args = [generate, 'swim a kilometre', '--weeks', '3'];

  const first = await example.run(...args);
  expect(first.code).toBe(0);
  expect(first.text).toContain('"weeks"');
  expect(first.text).toMatch(/: 3 weeks, \d+ days in \S+programme\.md$/);
  const programme = JSON.parse(await readFile(join(example.folder, 'programme.json'), 'utf8')) as {
    weeks: { focus: string; days: { day: string; exercises: { sets: number }[] }[] }[];
  };
  expect(programme.weeks).toHaveLength(3);
  for (const { days } of programme.weeks) {
    for (const { exercises } of days) expect(exercises[0]!.sets).toBeGreaterThanOrEqual(1);
  }
  const page = await readFile(join(example.folder, 'programme.md'), 'utf8');
  expect(page.match(/^## Week \d: .+$/gm)).toHaveLength(3);
  expect(standin.requests.map(({ model }) => model)).toEqual([expect.stringMatching(/^gpt-/)]);

  expect(await example.run(...args)).toMatchObject({ code: 0, text: expect.stringContaining('succeeded') });
  expect(standin.requests).toHaveLength(1);
});

it('says why there is no programme or why it waits, and the job continues when the program dies', async () => {
  const { standin, url, client } = await startInstallation();
  const example = await examplesOf({ url });
  const wall = [generate, 'climb a wall [standin: slow 1s]'];
  await client.pausePool('default');
  const stopped = await example.start(...wall);
  await stopped.waitForLine(/^Waiting: Pool default is paused/, 30_000);
  stopped.kill('SIGINT');
  const { code, text } = await endOf(stopped);
  expect(code).toBe(130);
  const [, job] = /^Job (\S+) continues\. Run the same command to come back, or: genwarden watch \1$/m.exec(text)!;

  const killed = await example.start(...wall);
  await killed.waitForLine((line) => line === `Job ${job}: queued`, 30_000);
  await client.resumePool('default');
  await standin.waitFor((requests) => requests.length === 1, 20_000);
  killed.kill('SIGKILL');
  await killed.exited;

  expect(await example.run(...wall)).toMatchObject({ code: 0, text: expect.stringContaining(`Job ${job}: `) });
  expect(standin.requests).toHaveLength(1);

  const car = [generate, 'lift a car [standin: refuse-output SAFETY x1]'];

  const refused = await example.run(...car);
  expect(refused.code).toBe(1);
  expect(refused.text).toMatch(/^OutputRefused: .*SAFETY.*\nChange the prompt/m);
  expect(await example.run(...car)).toMatchObject({ code: 1, text: expect.stringContaining('failed') });
  expect(standin.requests).toHaveLength(2);
  expect(await example.run(...car, '--retry')).toMatchObject({ code: 0 });
  expect(standin.requests).toHaveLength(3);
});
