// The same fault with BullMQ: its workers, with default settings on a real Redis, die by SIGKILL while they run jobs.

import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Queue, QueueEvents } from 'bullmq';
import { startProcess, type TestProcess } from '../../test/support/process.ts';
import { tempFolder } from '../../test/support/tempFolder.ts';
import { until } from '../../test/support/until.ts';
import type { Row } from './row.ts';

const victims = 5;
/** Between two kills, ms: over one round of BullMQ's stalled check (30 s), so that its phase is no accident of one moment. */
const apart = 6_000;
const patience = 120_000;

const workerProgram = fileURLToPath(new URL('./bullmqWorker.ts', import.meta.url));
const fault = 'BullMQ, SIGKILL: active elsewhere or failed';

/** `count` jobs or a few more, all active and with free slots for all of them elsewhere; takes some 90 s, nearly all of it waiting; all processes run at `onStarted`. */
export async function bullmqRecovery(count: number, onStarted: () => void): Promise<Row> {
  await using owned = new AsyncDisposableStack();
  const folder = owned.use(await tempFolder('redis'));
  const socket = join(folder.path, 'redis.sock');
  const redis = await startRedis(socket, folder.path).catch((error: unknown) => String(error));
  if (typeof redis === 'string') return { fault, faults: 0, times: [], note: redis };
  owned.defer(() => end(redis));
  return await measure(owned, socket, Math.ceil(count / victims), onStarted);
}

async function startRedis(socket: string, folder: string): Promise<TestProcess> {
  const flags = ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', '', '--appendonly', 'no'];
  try {
    return await startProcess('redis-server', flags, { readyWhen: /ready to accept connections/i });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error("there is no redis-server on PATH (Debian's package redis-server)", { cause: error });
  }
}

async function measure(
  owned: AsyncDisposableStack,
  socket: string,
  slots: number,
  onStarted: () => void,
): Promise<Row> {
  const connection = { path: socket };
  const queue = new Queue('recovery', { connection });
  owned.defer(() => queue.close().catch(() => undefined));
  const events = new QueueEvents('recovery', { connection });
  owned.defer(() => events.close().catch(() => undefined));
  // Closing while Redis goes away is no failure; one that matters shows as a job that is not seen again.
  queue.on('error', () => undefined);
  events.on('error', () => undefined);
  await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);
  const seen = new Sightings(events);
  const start = async (): Promise<TestProcess> => {
    const worker = await startProcess(process.execPath, [workerProgram, socket, 'recovery', String(slots)], {
      readyWhen: /ready/,
      timeoutMs: 60_000,
    });
    owned.defer(() => end(worker));
    return worker;
  };
  const workers = await startAll(start);
  await queue.addBulk(Array.from({ length: victims * slots }, (_, index) => ({ name: 'generation', data: { index } })));
  await until(() => workers.every((worker) => jobsOf(worker).length === slots), { what: 'jobs', timeoutMs: 30_000 });
  await startAll(start);
  onStarted();
  const times = await killOneByOne(workers, seen);
  return { fault, faults: victims, times };
}

const startAll = async (start: () => Promise<TestProcess>): Promise<TestProcess[]> => {
  const workers: TestProcess[] = [];
  for (let index = 0; index < victims; index += 1) workers.push(await start());
  return workers;
};

const jobsOf = ({ lines }: TestProcess): string[] => lines.flatMap((line) => /^active (.+)$/.exec(line)?.[1] ?? []);

async function killOneByOne(workers: readonly TestProcess[], seen: Sightings): Promise<number[]> {
  const struck: { job: string; at: number }[] = [];
  for (const worker of workers) {
    const at = Date.now();
    worker.kill('SIGKILL');
    struck.push(...jobsOf(worker).map((job) => ({ job, at })));
    await pause(apart);
  }
  return until(
    () => {
      const times = struck.flatMap(({ job, at }) => seen.after(job, at) ?? []);
      return times.length === struck.length ? times : undefined;
    },
    { what: 'BullMQ to recover its jobs', timeoutMs: patience, intervalMs: 200 },
  );
}

/** When Redis wrote that a job became active or failed; ids of its stream are times. */
class Sightings {
  readonly #seen = new Map<string, number[]>();

  constructor(events: QueueEvents) {
    const note = ({ jobId }: { jobId: string }, id: string): void => {
      this.#seen.set(jobId, [...(this.#seen.get(jobId) ?? []), Number(id.split('-')[0])]);
    };
    events.on('active', note);
    events.on('failed', note);
  }

  after(job: string, at: number): number | undefined {
    const moment = this.#seen.get(job)?.find((one) => one > at);
    return moment === undefined ? undefined : moment - at;
  }
}

async function end(running: TestProcess): Promise<void> {
  running.kill('SIGKILL');
  await running.exited;
}
