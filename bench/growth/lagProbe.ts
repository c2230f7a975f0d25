// The event loop of an API as its clients see it: a request that needs no work, sent every few ms on its own connection from a
// separate thread, so that the benchmark's own work does not count.

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { HttpConnection } from '../http/connection.ts';

const everyMs = 5;

type Question = 'longest' | 'forget';

export class LagProbe implements AsyncDisposable {
  readonly #thread: Worker;

  static async start(url: string): Promise<LagProbe> {
    const thread = new Worker(new URL(import.meta.url), { workerData: url });
    await once(thread);
    return new LagProbe(thread);
  }

  private constructor(thread: Worker) {
    this.#thread = thread;
  }

  forget(): void {
    this.#thread.postMessage('forget' satisfies Question);
  }

  /** The longest wait for an answer since the start or `forget`, ms. Includes a request that is still waiting. */
  async longest(): Promise<number> {
    this.#thread.postMessage('longest' satisfies Question);
    return (await once(this.#thread)) as number;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread.terminate();
  }
}

const once = (thread: Worker): Promise<unknown> =>
  new Promise((resolve, reject) => void thread.once('message', resolve).once('error', reject));

async function probe(url: string): Promise<never> {
  const connection = await HttpConnection.open(url);
  await connection.send('GET', '/healthz');
  let longest = 0;
  let sentAt = 0;
  const waited = (): number => (sentAt === 0 ? 0 : performance.now() - sentAt);
  parentPort!.on('message', (question: Question) => {
    if (question === 'forget') longest = 0;
    else parentPort!.postMessage(Math.max(longest, waited()));
  });
  parentPort!.postMessage('started');
  for (;;) {
    sentAt = performance.now();
    const { status } = await connection.send('GET', '/healthz');
    longest = Math.max(longest, waited());
    sentAt = 0;
    if (status !== 200) throw new Error(`/healthz answered ${status}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

if (!isMainThread) await probe(workerData as string);
