// Generates a training programme of weeks and days as structured text: a schema gives the answer its form, and this program its types.
// Run it beside `make dev`: node_modules/.bin/node examples/program-generator/generate.ts ["GOAL"] [--weeks 4] [--retry]

import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
// In your own project: from '@genwarden/client'.
import { GenwardenClient, GenwardenError, type SubmitRequest } from '../../src/client/index.ts';

const { values, positionals } = parseArgs({
  options: {
    weeks: { type: 'string', default: '4' },
    to: { type: 'string', default: 'programme' },
    retry: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const goal = positionals[0] ?? 'run ten kilometres without a break';
const url = process.env['GENWARDEN_URL'] ?? 'http://127.0.0.1:8080';
const client = new GenwardenClient({ url, token: process.env['GENWARDEN_TOKEN'] });

// The model gets this as JSON Schema. A worker checks the answer, and asks the model to repair one that does not match.
const Exercise = z.object({ name: z.string(), sets: z.int().min(1).max(10), repetitions: z.int().min(1).max(100) });
const Day = z.object({ day: z.string(), exercises: z.array(Exercise).min(1) });
const Week = z.object({ focus: z.string(), days: z.array(Day).min(1).max(6) });
const Programme = z.object({ title: z.string(), weeks: z.array(Week).length(Number(values.weeks)) });

async function generate(): Promise<void> {
  const prompt = `Write a training programme of ${values.weeks} weeks with two to six days each. Goal: ${goal}.`;
  const request: SubmitRequest = { kind: 'text', input: { prompt }, labels: { app: 'programme' } };
  // The key is a digest of the request: the same goal is one job, however often this program runs. Nothing is paid twice.
  const idempotencyKey = `programme-${createHash('sha256')
    .update(JSON.stringify([request, z.toJSONSchema(Programme)]))
    .digest('hex')}`;
  const job = await client.submit(request, { schema: Programme, idempotencyKey, giveUpAfterMs: 3_000 });
  console.log(`Job ${job.id}: ${job.state}`);
  process.once('SIGINT', () => {
    console.log(`\nJob ${job.id} continues. Run the same command to come back, or: genwarden watch ${job.id}`);
    process.exit(130);
  });
  if (values.retry && ['failed', 'cancelled'].includes(job.state)) await client.retry(job.id);
  await Promise.all([showText(job.id), showWaits(job.id)]);
  const programme = await job.output();
  await writeFile(`${values.to}.json`, JSON.stringify(programme, undefined, 2));
  await writeFile(`${values.to}.md`, pageOf(programme));
  const days = programme.weeks.reduce((sum, week) => sum + week.days.length, 0);
  console.log(`\n${programme.title}: ${programme.weeks.length} weeks, ${days} days in ${resolve(`${values.to}.md`)}`);
}

/** The JSON as the model writes it. */
async function showText(id: string): Promise<void> {
  for await (const { offset, text } of client.text(id)) {
    // Offset 0: the text begins, perhaps that of a second attempt.
    process.stdout.write(offset === 0 ? `\n${text}` : text);
  }
}

/** Says why nothing happens, for example because the provider is out. Ends with the job. */
async function showWaits(id: string): Promise<void> {
  let shown = '';
  for await (const { data } of client.events(id)) {
    const waits = 'waitingFor' in data ? data.waitingFor : null;
    if (waits !== null && waits.reason !== shown) console.log(`Waiting: ${waits.detail}`);
    shown = waits?.reason ?? shown;
  }
}

function pageOf({ title, weeks }: z.infer<typeof Programme>): string {
  const exercise = ({ name, sets, repetitions }: z.infer<typeof Exercise>) => `- ${name}: ${sets} × ${repetitions}\n`;
  const day = (it: z.infer<typeof Day>) => `### ${it.day}\n\n${it.exercises.map(exercise).join('')}\n`;
  const week = ({ focus, days }: z.infer<typeof Week>, index: number) =>
    `## Week ${index + 1}: ${focus}\n\n${days.map(day).join('')}`;
  return `# ${title}\n\n${weeks.map(week).join('')}`;
}

try {
  await generate();
} catch (error) {
  // No usable programme, a refused request, or no answer: what is wrong, and what to do.
  console.error(error instanceof GenwardenError ? `\n${error.code}: ${error.message}\n${error.hint}` : error);
  process.exitCode = 1;
}
