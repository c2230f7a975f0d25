// `genwarden demo`: a picture from end to end, then a provider that hangs, each as a job of a real installation that lives
// for a minute in this process and leaves nothing behind but the pictures.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { GenwardenClient, type Job } from '../../client/index.ts';
import { loadSettings } from '../../config/load.ts';
import { startStandin } from '../../standin/standin.ts';
import { createLogger } from '../../telemetry/log.ts';
import { downloadJob } from '../client/downloadJob.ts';
import { watchJobs } from '../client/watchJobs.ts';
import { Resources } from '../../processes/resources.ts';
import { exitCodes } from '../exitCodes.ts';
import { stopSignal } from '../signals.ts';
import { startStack, withStandin, type Stack } from '../../processes/dev/stack.ts';

const hangingPool = 'hanging';
const photograph = new URL('../../../examples/front-yard.jpg', import.meta.url);

/** Runs the demonstration and saves its picture below `folder`; sets the exit code to 1 where it did not go as it should. */
export async function runDemo(folder: string): Promise<void> {
  const stop = stopSignal();
  const resources = new Resources();
  try {
    const stack = await startDemoStack(resources, stop.signal);
    await addHangingPool(resources, stack);
    const client = new GenwardenClient({ url: stack.url });
    const asShown = (await makePicture(client, stack, resolve(folder))) && (await seeItHang(client));
    process.exitCode = asShown ? exitCodes.done : exitCodes.jobFailed;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.exitCode = 130;
  } finally {
    await resources.close();
    stop.dispose();
  }
}

/** A worker of another pool, whose provider is a stand-in that hangs. */
async function addHangingPool(resources: Resources, stack: Stack): Promise<void> {
  const standin = resources.own('hanging stand-in', await startStandin(), (it) => it.close());
  standin.behave({ kind: 'hang' });
  await stack.addWorker({ ...withStandin(stack.settings, standin), pool: hangingPool });
}

async function startDemoStack(resources: Resources, signal: AbortSignal): Promise<Stack> {
  const dataDir = resources.own('folder', await mkdtemp(join(tmpdir(), 'genwarden-demo-')), (path) =>
    rm(path, { recursive: true, force: true }),
  );
  const env = { ...process.env, GENWARDEN_DATA_DIR: dataDir, GENWARDEN_HTTP_PORT: '0', GENWARDEN_METRICS_PORT: '0' };
  const settings = loadSettings({ env, command: 'dev' });
  const log = { level: 'error', format: 'pretty' } as const;
  const logger = createLogger({ ...log, process: 'dev' });
  say('Starting nats-server, api, worker and controller …');
  const stack = await startStack({ settings: { ...settings, log }, externalNats: false, logger, signal });
  resources.own('stack', stack, (it) => it.close());
  say(`The API answers on ${stack.url}`);
  return stack;
}

/** The first job: a picture from a prompt and a photograph. */
async function makePicture(client: GenwardenClient, { standin }: Stack, folder: string): Promise<boolean> {
  const who = standin === undefined ? 'Gemini' : 'a stand-in for Gemini, as GEMINI_API_KEY is not set';
  say(`\n1. A picture from a prompt and a photograph, by ${who}`);
  const { artifact } = await client.uploadReference(await readFile(photograph), 'image/jpeg');
  const job = await client.submit({
    kind: 'image',
    input: {
      prompt: 'The front yard with native plants, in the evening sun',
      seed: 7,
      references: [{ artifact, caption: 'the yard as it is' }],
    },
    labels: { demo: 'picture' },
  });
  const [done] = await watchJobs(client, [job.id]);
  if (done!.state !== 'succeeded') return tellFailure(done!, 'the picture was not made');
  const files = await downloadJob(client, done!, folder);
  for (const { path, bytes } of files) say(`   saved ${path} (${(bytes / 1024).toFixed(0)} KiB)`);
  return true;
}

/** The second job: its provider never answers. A pool of its own, so that it hangs whatever the first one used. */
async function seeItHang(client: GenwardenClient): Promise<boolean> {
  say('\n2. A provider that never answers: two attempts of 3 s each, and the job says why it failed');
  const job = await client.submit({
    kind: 'image',
    pool: hangingPool,
    input: { prompt: 'A picture that never comes' },
    policy: { attemptTimeout: '3s', maxAttempts: 2, deadline: '15s' },
    labels: { demo: 'hanging' },
  });
  const [done] = await watchJobs(client, [job.id]);
  const inTime = Date.parse(done!.finishedAt ?? '') <= Date.parse(job.deadlineAt);
  say(
    `   ${done!.state}: ${done!.tasks?.[0]?.reason}, ${inTime ? 'before' : 'AFTER'} its deadline of ${job.deadlineAt}`,
  );
  return done!.state === 'failed' && inTime;
}

function tellFailure(job: Job, what: string): false {
  const error = job.tasks?.[0]?.error;
  say(`   ${what}: ${job.state} ${error?.code ?? ''} ${error?.message ?? ''}\n   ${error?.hint ?? ''}`);
  return false;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
