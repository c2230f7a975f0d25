// A thread that runs one request at a time, and is ended when the request takes too much time or memory. The thread starts with
// this same file; only there it loads the compiler.

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { clearTimeout, setTimeout } from 'node:timers';
import type { Answer, Message, Request } from './messages.ts';

export type Outcome =
  | { readonly outcome: 'answered'; readonly answer: Answer }
  /** `problem` is the end of a sentence that starts with the schema. */
  | { readonly outcome: 'exceeded'; readonly problem: string };

/** JavaScript heap of one thread, MiB. */
const heapMb = 64;

/** An idle thread is ended after this time, ms, because it keeps the memory that it has used. */
const idleMs = 30_000;

const role = 'genwarden schema checks';

export class CheckThread {
  #started: Promise<Started> | undefined;
  #idle: NodeJS.Timeout | undefined;

  /**
   * Runs one request; the previous one must have settled. `limitMs`: processor time. Rejects if the thread fails or is closed.
   */
  async run(request: Request, limitMs: number): Promise<Outcome> {
    clearTimeout(this.#idle);
    try {
      const started = await (this.#started ??= start());
      const message = await answered(started, request, limitMs);
      if (message?.answer !== undefined) {
        this.#idle = setTimeout(() => void this.close(), idleMs).unref();
        return { outcome: 'answered', answer: message.answer };
      }
      await this.close();
      return { outcome: 'exceeded', problem: `takes more than ${limitMs / 1_000} s to check` };
    } catch (error) {
      await this.close();
      if (isOutOfMemory(error)) return { outcome: 'exceeded', problem: `takes more than ${heapMb} MiB to check` };
      throw error;
    }
  }

  /** The next request starts a new thread. */
  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const closing = this.#started;
    this.#started = undefined;
    const started = await closing?.catch(() => undefined);
    await started?.worker.terminate();
  }
}

interface Started {
  readonly worker: Worker;
  /** What the thread had used after its last message; undefined if that is not known. */
  cpuMs: number | undefined;
}

async function start(): Promise<Started> {
  const worker = new Worker(new URL(import.meta.url), {
    name: role,
    workerData: role,
    // Neither secrets nor preloaded modules.
    env: {},
    execArgv: [],
    // The generated code nests once for each property.
    resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: 16, stackSizeMb: 16 },
  });
  const { cpuMs } = await nextMessage(worker);
  worker.unref();
  return { worker, cpuMs };
}

/** The thread's answer, or undefined if it took more than `limitMs`. Until then the thread keeps the process alive. */
async function answered(started: Started, request: Request, limitMs: number): Promise<Message | undefined> {
  const { worker } = started;
  const watch = watchTime(started, limitMs);
  worker.ref();
  try {
    const next = nextMessage(worker);
    worker.postMessage(request);
    const message = await Promise.race([next, watch.exceeded]);
    if (message !== undefined) started.cpuMs = message.cpuMs;
    return message;
  } finally {
    watch.stop();
    worker.unref();
  }
}

function nextMessage(worker: Worker): Promise<Message> {
  const { promise, resolve, reject } = Promise.withResolvers<Message>();
  const ended = (): void => reject(new Error('The thread that checks schemas has ended'));
  worker.once('message', resolve).once('error', reject).once('exit', ended);
  return promise.finally(() => worker.off('message', resolve).off('error', reject).off('exit', ended));
}

/** On a busy machine, this much more time passes than the thread gets of the processor. */
const patience = 15;

/**
 * Resolves when the thread has used `limitMs` of processor time since its last message. Where that is unknown (before Node.js
 * 24.6), the time that passes counts.
 */
function watchTime(
  { worker, cpuMs: before }: Started,
  limitMs: number,
): { exceeded: Promise<undefined>; stop(): void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const until = performance.now() + limitMs * patience;
  const look = async (): Promise<void> => {
    const used = before === undefined ? undefined : await cpuMsOf(worker);
    const left = used === undefined ? 0 : limitMs - (used - before!);
    if (left <= 0 || performance.now() >= until) resolve(undefined);
    else timer = setTimeout(() => void look(), Math.max(50, left));
  };
  let timer = setTimeout(() => void look(), limitMs);
  return { exceeded: promise, stop: () => clearTimeout(timer) };
}

async function cpuMsOf(worker: Worker): Promise<number | undefined> {
  if (!('cpuUsage' in worker)) return undefined;
  try {
    const { user, system } = await worker.cpuUsage();
    return (user + system) / 1_000;
  } catch {
    // The thread has just ended, which `nextMessage` reports.
    return undefined;
  }
}

const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';

if (!isMainThread && workerData === role) {
  const { serve } = await import('./serve.ts');
  serve(parentPort!);
}
