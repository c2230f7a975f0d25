// Designs all areas of a garden in one job: each area has a photograph of the street and a wish, and gets a picture of both.
// Run it beside `make dev`: node_modules/.bin/node examples/garden-designer/design.ts [garden.json] [--to FOLDER] [--retry]

import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
// In your own project: from '@genwarden/client'.
import { GenwardenClient, GenwardenError, type Job, type SubmitRequest, type Task } from '../../src/client/index.ts';

interface Garden {
  style: string;
  areas: { name: string; photo: string; wish: string }[];
}

const { values, positionals } = parseArgs({
  options: { to: { type: 'string', default: 'garden-design' }, retry: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const file = positionals[0] ?? join(import.meta.dirname, 'garden.json');
const url = process.env['GENWARDEN_URL'] ?? 'http://127.0.0.1:8080';
const client = new GenwardenClient({ url, token: process.env['GENWARDEN_TOKEN'] });

async function design(): Promise<void> {
  const garden = JSON.parse(await readFile(file, 'utf8')) as Garden;
  const request = await requestFor(garden);
  // The key is a digest of the request: the same garden is one job, however often this program runs. Nothing is paid twice.
  const idempotencyKey = `garden-${createHash('sha256').update(JSON.stringify(request)).digest('hex')}`;
  let job: Job = await client.submit(request, { idempotencyKey });
  console.log(`Job ${job.id}: ${job.progress.total} areas, ${job.progress.succeeded} of them finished`);
  process.once('SIGINT', () => {
    console.log(`\nJob ${job.id} continues. Run the same command to come back, or: genwarden watch ${job.id}`);
    process.exit(130);
  });
  // A new run of what failed or was cancelled. Finished areas are kept.
  if (values.retry && ['failed', 'cancelled'].includes(job.state)) job = await client.retry(job.id);
  await mkdir(values.to, { recursive: true });
  job = await saveEachArea(job.id, garden);
  console.log(`${job.progress.succeeded} of ${job.progress.total} areas in ${join(resolve(values.to), 'index.html')}`);
  if (job.state !== 'succeeded') console.log('Correct the cause, then run the same command with --retry.');
  process.exitCode = job.state === 'succeeded' ? 0 : 1;
}

/** One task for each area, with its photograph as the reference. The API stores equal photographs once. */
async function requestFor({ style, areas }: Garden): Promise<SubmitRequest> {
  const tasks = areas.map(async ({ name, photo, wish }) => {
    const { artifact } = await client.uploadReference(await readFile(resolve(file, '..', photo)), 'image/jpeg', {
      giveUpAfterMs: 3_000,
    });
    const prompt = `Redesign the ${name} in this photograph: ${wish}. Style: ${style}. Keep the house and the street.`;
    return { name, input: { prompt, references: [{ artifact, caption: `the ${name} today` }] } };
  });
  return { kind: 'image', input: { aspectRatio: '4:3' }, tasks: await Promise.all(tasks), labels: { app: 'garden' } };
}

/** Prints what becomes of each area, or why it waits, and saves it as soon as it is finished. Returns the finished job. */
async function saveEachArea(id: string, garden: Garden): Promise<Job> {
  const shown: string[] = [];
  const page: string[] = [];
  const show = async ({ tasks = [] }: Job): Promise<void> => {
    for (const task of tasks) {
      const { index, name, state, waitingFor, error, message } = task;
      const news = `${state} ${waitingFor?.reason}`;
      if (shown[index] === news) continue;
      shown[index] = news;
      const why = error === null ? (waitingFor?.detail ?? message) : `${error.code}: ${error.message} ${error.hint}`;
      console.log(`  ${name} is ${state}: ${why}`);
      page[index] = state === 'succeeded' ? await saveArea(id, task, garden) : `<h2>${name}: ${state}</h2>`;
      await writeFile(join(values.to, 'index.html'), `<h1>Before and after</h1>${page.join('')}`);
    }
  };
  for await (const { event } of client.events(id)) if (event !== 'progress') await show(await client.get(id));
  const finished = await client.wait(id);
  await show(finished);
  return finished;
}

/** Returns the part of the page about this area. */
async function saveArea(id: string, { index, name }: Task, garden: Garden): Promise<string> {
  await writeFile(join(values.to, `${name}-after.png`), await client.download(id, index, 'image'));
  await copyFile(resolve(file, '..', garden.areas[index]!.photo), join(values.to, `${name}-before.jpg`));
  return `<h2>${name}</h2><img src="${name}-before.jpg" height="300"> <img src="${name}-after.png" height="300">`;
}

try {
  await design();
} catch (error) {
  // What is wrong, also if no API answers, and what to do.
  console.error(error instanceof GenwardenError ? `${error.code}: ${error.message}\n${error.hint}` : error);
  process.exitCode = 1;
}
