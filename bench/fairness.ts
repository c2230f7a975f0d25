// Measures how long single tasks of one tenant wait beside 10,000 tasks of another, compared with an empty queue, and the throughput
// of the large tenant alone: `node bench/fairness.ts`. `--program <path>` measures the processes of another build.

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createToken } from '../src/api/auth/createToken.ts';
import { mapLimit } from '../src/async/mapLimit.ts';
import { sleep } from '../src/async/sleep.ts';
import { GenwardenClient } from '../src/client/index.ts';
import { startStandin } from '../src/standin/standin.ts';
import { markdownTable } from '../test/support/markdownTable.ts';
import { startNatsServer } from '../test/support/natsServer.ts';
import { startProcess, type TestProcess } from '../test/support/process.ts';
import { tempFolder } from '../test/support/tempFolder.ts';
import { percentiles } from './measure.ts';

const { values } = parseArgs({ options: { program: { type: 'string' } } });
const program = values.program ?? fileURLToPath(new URL('../bin/genwarden', import.meta.url));
const [workers, slots, latencyMs] = [2, 5, 50];
const [tasksOfLarge, singles, tasksAlone] = [10_000, 40, 2_000];

await using folder = await tempFolder('fairness');
await using nats = await startNatsServer();
await using processes = new AsyncDisposableStack();
const standin = await startStandin({ latencyMs });
processes.defer(() => standin.close());
const tokens = ['large', 'small'].map((tenant) =>
  createToken({ name: tenant, tenant, scopes: ['jobs:read', 'jobs:write'], createdAt: Date.now() }, randomBytes),
);
const tokensFile = join(folder.path, 'tokens.json');
await writeFile(tokensFile, JSON.stringify({ tokens: tokens.map(({ entry }) => entry) }));
await start('controller', /controller started/);
const api = await start('api', /API on (http:\S+?)["\s]/);
for (let at = 0; at < workers; at += 1) await start('worker', /worker started/);
const url = /API on (http:\S+?)["\s]/.exec(api.lines.join('\n'))![1]!;
const [large, small] = tokens.map(({ token }) => new GenwardenClient({ url, token })) as [
  GenwardenClient,
  GenwardenClient,
];

// Heartbeats must have told what the workers serve.
await sleep(3_000);
const alone = await throughputAlone();
const empty = await waitsOf(singles);
const queue = await submitTasks(tasksOfLarge);
const beside = await waitsOf(singles);
for (const job of queue) await large.cancel(job).catch(() => undefined);
const row = (what: string, { p50, max }: { p50: number; max: number }): string[] => [
  what,
  p50.toFixed(0),
  max.toFixed(0),
];
process.stdout.write(
  markdownTable(
    [`waiting time of ${singles} single tasks (ms)`, 'p50', 'max'],
    [
      row('empty queue', empty),
      row(`beside ${tasksOfLarge} tasks`, beside),
      ['ratio', (beside.p50 / empty.p50).toFixed(1), (beside.max / empty.max).toFixed(1)],
    ],
  ),
);
process.stdout.write(
  `throughput of one tenant alone: ${alone.toFixed(0)} tasks/s (${workers} workers with ${slots} slots, calls of ${latencyMs} ms: at most ${(workers * slots * 1_000) / latencyMs})\n`,
);

async function start(name: string, readyWhen: RegExp): Promise<TestProcess> {
  const env = {
    GENWARDEN_NATS_SERVER: undefined,
    GENWARDEN_NATS_URL: nats.url,
    GENWARDEN_HTTP_PORT: '0',
    GENWARDEN_METRICS_PORT: '0',
    GENWARDEN_GEMINI_API_KEYS: 'test-key-one',
    GENWARDEN_GEMINI_BASE_URL: standin.url,
    GENWARDEN_GEMINI_REQUESTS_PER_MINUTE: '60000',
    GENWARDEN_AUTH_TOKENS_FILE: tokensFile,
    GENWARDEN_CONCURRENCY: String(slots),
    GENWARDEN_LOG_FORMAT: 'json',
  };
  const started = await startProcess(program, [name], { env, readyWhen, timeoutMs: 60_000 });
  processes.defer(() => started.stop());
  return started;
}

/** From submit to start of single tasks, four a second. */
async function waitsOf(count: number): Promise<{ p50: number; max: number }> {
  const jobs: string[] = [];
  for (let at = 0; at < count; at += 1) {
    jobs.push((await small.submit({ kind: 'text', input: { prompt: 'small' } })).id);
    await sleep(250);
  }
  const waits = await mapLimit(8, jobs, async (job) => {
    const { submittedAt, startedAt } = await small.wait(job);
    return Date.parse(startedAt!) - Date.parse(submittedAt);
  });
  return percentiles(waits);
}

function submitTasks(count: number): Promise<string[]> {
  return mapLimit(2, Array.from({ length: count / 500 }), async () => {
    const tasks = Array.from({ length: 500 }, () => ({}));
    return (await large.submit({ kind: 'text', input: { prompt: 'large' }, tasks })).id;
  });
}

/** Tasks per second. */
async function throughputAlone(): Promise<number> {
  const jobs = await submitTasks(tasksAlone);
  const ended = await mapLimit(8, jobs, (job) => large.wait(job));
  const from = Math.min(...ended.map(({ startedAt }) => Date.parse(startedAt!)));
  const to = Math.max(...ended.map(({ finishedAt }) => Date.parse(finishedAt!)));
  return (tasksAlone * 1_000) / (to - from);
}
