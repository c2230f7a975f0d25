// `genwarden demo`: runs one job that generates an image, then one with a provider that hangs, on a complete temporary
// installation in this process. Only the image is kept.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { GenwardenClient, type Job } from '../../client/index.ts';
import { readSettings } from '../../config/load.ts';
import { packageFolder } from '../../config/packageFolder.ts';
import { titleOf } from '../../job/providers.ts';
import { startStandin } from '../../standin/standin.ts';
import { createLogger } from '../../telemetry/log.ts';
import { downloadJob } from '../client/downloadJob.ts';
import { watchJobs } from '../client/watch/watchJobs.ts';
import { Resources } from '../../processes/resources.ts';
import { exitCodes } from '../exitCodes.ts';
import { stopSignal } from '../signals.ts';
import { standInSettings } from '../../processes/dev/pools.ts';
import { startStack, type Stack } from '../../processes/dev/stack.ts';
import { addressLines, sourceLine } from './announce.ts';

const hangingPool = 'hanging';
const photograph = new URL('examples/front-yard.jpg', packageFolder);

/** Saves the image below `folder`. Sets exit code 1 unless both jobs ended as expected. */
export async function runDemo(folder: string): Promise<void> {
  const stop = stopSignal();
  const resources = new Resources();
  try {
    const stack = await startDemoStack(resources, stop.signal);
    await addHangingPool(resources, stack);
    const client = new GenwardenClient({ url: stack.url });
    const generated = await generateImage(client, stack, resolve(folder), stop.signal);
    const asExpected = generated && (await showHangingCall(client, stop.signal));
    process.exitCode = asExpected ? exitCodes.done : exitCodes.jobFailed;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.exitCode = exitCodes.interrupted;
  } finally {
    await resources.close();
    stop.dispose();
  }
}

/** Adds a worker for another pool whose provider is a stand-in that never answers. */
async function addHangingPool(resources: Resources, stack: Stack): Promise<void> {
  const standin = resources.own('hanging stand-in', await startStandin(), (it) => it.close());
  standin.behave({ kind: 'hang' });
  const { settings } = stack;
  await stack.addWorker({ ...settings, ...standInSettings(settings, 'gemini', standin.url), pool: hangingPool });
}

async function startDemoStack(resources: Resources, signal: AbortSignal): Promise<Stack> {
  const dataDir = resources.own('folder', await mkdtemp(join(tmpdir(), 'genwarden-demo-')), (path) =>
    rm(path, { recursive: true, force: true }),
  );
  // Of the user's settings, only the keys of a provider matter.
  const own = { GENWARDEN_DATA_DIR: dataDir, GENWARDEN_HTTP_PORT: '0', GENWARDEN_METRICS_PORT: '0' };
  const env = { ...process.env, ...own, GENWARDEN_POOLS_FILE: '', GENWARDEN_POOL: '' };
  const { settings, resolved } = readSettings({ env, command: 'dev' });
  const log = { ...settings.log, level: 'error', format: 'pretty' } as const;
  const logger = createLogger({ ...log, process: 'dev' });
  const announced = { announceInstallation: printLine };
  const stack = await startStack({ settings: { ...settings, log }, resolved, logger, signal, ...announced });
  resources.own('stack', stack, (it) => it.close());
  for (const line of addressLines(stack)) printLine(line);
  printLine(sourceLine(stack.pools[0]!));
  printLine('Both run until the demo ends.');
  return stack;
}

/** The first job: an image from a prompt and a photograph. */
async function generateImage(
  client: GenwardenClient,
  { pools }: Stack,
  folder: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { pool, isStandIn } = pools[0]!;
  const by = isStandIn ? 'the stand-in' : titleOf(pool.provider);
  printLine(`\n1. An image from a prompt and a photograph, by ${by}`);
  const { artifact } = await client.uploadReference(await readFile(photograph), 'image/jpeg');
  const job = await client.submit({
    kind: 'image',
    input: {
      prompt: 'The front yard with native plants, in the evening sun',
      references: [{ artifact, caption: 'the front yard today' }],
    },
    labels: { demo: 'picture' },
  });
  const [done] = await watchJobs(client, [job.id], { last: true, signal });
  if (done!.state !== 'succeeded') return reportFailure(done!, 'no image was generated');
  const files = await downloadJob(client, done!, folder);
  for (const { path, bytes } of files) printLine(`   Saved ${path} (${(bytes / 1024).toFixed(0)} KiB)`);
  return true;
}

/** The second job: its provider never answers. It runs in a separate pool so that it hangs regardless of the first job's provider. */
async function showHangingCall(client: GenwardenClient, signal: AbortSignal): Promise<boolean> {
  printLine('\n2. A provider that never answers: two attempts of 3 s each, then the job fails with a clear reason');
  const job = await client.submit({
    kind: 'image',
    pool: hangingPool,
    input: { prompt: 'A picture that never comes' },
    policy: { attemptTimeout: '3s', maxAttempts: 2, deadline: '15s' },
    labels: { demo: 'hanging' },
  });
  const [done] = await watchJobs(client, [job.id], { last: true, signal });
  const inTime = Date.parse(done!.finishedAt ?? '') <= Date.parse(job.deadlineAt);
  printLine(
    `   ${done!.state}: ${done!.tasks?.[0]?.reason}, ${inTime ? 'before' : 'AFTER'} its deadline of ${job.deadlineAt}`,
  );
  return done!.state === 'failed' && inTime;
}

function reportFailure(job: Job, summary: string): false {
  const error = job.tasks?.[0]?.error;
  printLine(`   ${summary}: ${job.state} ${error?.code ?? ''} ${error?.message ?? ''}\n   ${error?.hint ?? ''}`);
  return false;
}

const printLine = (line: string): void => void process.stdout.write(`${line}\n`);
