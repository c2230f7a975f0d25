// A thread that runs one request at a time, and is ended when the request takes too much time or memory. The thread starts with
// this same file; only there it loads the compiler.

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { clearTimeout, setTimeout } from 'node:timers';
import type { Answer, Message, Request } from './messages.ts';

export type Outcome =
  | { readonly outcome: 'answered'; readonly answer: Answer }
  /** `problem` is the end of a sentence that starts with the schema. */
  | { readonly outcome: 'exceeded'; readonly problem: string };

/** Ended after a short time, because it may not take its full time now. */
export interface Interrupted {
  readonly outcome: 'interrupted';
}

/** Processor time that a request may take, ms. */
export interface TimeLimit {
  readonly fullMs: number;
  readonly shortMs: number;
  /** Whether the short time applies. Once that has been used, `extend` may lift it. */
  isShort: boolean;
  readonly extend: (limit: TimeLimit) => void;
}

/** JavaScript heap of one thread, MiB. */
const heapMb = 64;

/** An idle thread is ended after this time, ms, because it keeps the memory that it has used. */
const idleMs = 30_000;

const role = 'genwarden schema checks';

export class CheckThread {
  #started: Promise<Started> | undefined;
  #idle: NodeJS.Timeout | undefined;

  /** Runs one request; the previous one must have settled. Rejects if the thread fails or is closed. */
  async run(request: Request, limit: TimeLimit): Promise<Outcome | Interrupted> {
    clearTimeout(this.#idle);
    try {
      const started = await (this.#started ??= this.#start());
      const message = await answered(started, request, limit);
      if (message?.answer !== undefined) {
        this.#idle = setTimeout(() => void this.close(), idleMs).unref();
        return { outcome: 'answered', answer: message.answer };
      }
      await this.close();
      if (limit.isShort) return { outcome: 'interrupted' };
      return { outcome: 'exceeded', problem: `takes more than ${limit.fullMs / 1_000} s to check` };
    } catch (error) {
      await this.close();
      if (isOutOfMemory(error)) return { outcome: 'exceeded', problem: `takes more than ${heapMb} MiB to check` };
      throw error;
    }
  }

  #start(): Promise<Started> {
    const starting = start(() => {
      // One that has ended by itself is not used again.
      if (this.#started === starting) this.#started = undefined;
    });
    return starting;
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

async function start(onExit: () => void): Promise<Started> {
  const worker = new Worker(new URL(import.meta.url), {
    name: role,
    workerData: role,
    // Neither secrets nor preloaded modules.
    env: {},
    execArgv: [],
    // The generated code nests once for each property.
    resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: 16, stackSizeMb: 16 },
  });
  // An error without a listener would end the process, also that of an idle thread.
  worker.on('error', () => undefined).once('exit', onExit);
  const { cpuMs } = await nextMessage(worker);
  worker.unref();
  return { worker, cpuMs };
}

/** The thread's answer, or undefined if it took too long. Until then the thread keeps the process alive. */
async function answered(started: Started, request: Request, limit: TimeLimit): Promise<Message | undefined> {
  const { worker } = started;
  const watch = new Watch(started, limit);
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
 * Watches the processor time that a thread uses from its last message on. Where that is unknown (before Node.js 24.6), the time
 * that passes counts.
 */
class Watch {
  /** Resolves when the limit has been used. */
  readonly exceeded: Promise<undefined>;
  readonly #started: Started;
  readonly #limit: TimeLimit;
  readonly #since = performance.now();
  readonly #exceed: (nothing: undefined) => void;
  #timer: NodeJS.Timeout;
  #isStopped = false;

  constructor(started: Started, limit: TimeLimit) {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.exceeded = promise;
    this.#exceed = resolve;
    this.#started = started;
    this.#limit = limit;
    this.#timer = this.#lookAfter(msOf(limit));
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #lookAfter(ms: number): NodeJS.Timeout {
    return setTimeout(() => void this.#look(), Math.max(20, ms));
  }

  async #look(): Promise<void> {
    const used = await this.#used();
    if (this.#isStopped) return;
    if (used >= msOf(this.#limit) && this.#limit.isShort) this.#limit.extend(this.#limit);
    if (used >= msOf(this.#limit)) this.#exceed(undefined);
    else this.#timer = this.#lookAfter(msOf(this.#limit) - used);
  }

  async #used(): Promise<number> {
    const { worker, cpuMs: before } = this.#started;
    const passed = performance.now() - this.#since;
    const now = before === undefined || passed > msOf(this.#limit) * patience ? undefined : await cpuMsOf(worker);
    return now === undefined ? passed : now - before!;
  }
}

const msOf = ({ isShort, shortMs, fullMs }: TimeLimit): number => (isShort ? Math.min(shortMs, fullMs) : fullMs);

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
