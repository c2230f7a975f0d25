// A fixed number of requests over a fixed number of connections, each of which sends its next request when the answer is there.

import { percentiles, type Percentiles } from '../measure.ts';
import { HttpConnection, type Answer, type Headers } from './connection.ts';

export interface Load {
  readonly url: string;
  readonly headers?: Headers;
  readonly connections: number;
  readonly count: number;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: (index: number) => string;
  /** Every answer must have it. */
  readonly status: number;
  readonly onAnswer?: (answer: Answer) => void;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly ms: Percentiles;
}

/** Throws at the first answer of another status, with its body. */
export async function sendLoad(load: Load): Promise<LoadResult> {
  const opened = await Promise.all(
    Array.from({ length: load.connections }, () => HttpConnection.open(load.url, load.headers)),
  );
  const times: number[] = [];
  let next = 0;
  const run = async (connection: HttpConnection): Promise<void> => {
    for (let index = next++; index < load.count; index = next++) {
      const from = performance.now();
      const answer = await connection.send(load.method, load.path, load.body?.(index));
      times.push(performance.now() - from);
      if (answer.status !== load.status) throw new Error(`${load.path} answered ${answer.status}: ${answer.body}`);
      load.onAnswer?.(answer);
    }
  };
  const start = performance.now();
  try {
    await Promise.all(opened.map(run));
    return { perSecond: (load.count * 1_000) / (performance.now() - start), ms: percentiles(times) };
  } finally {
    for (const connection of opened) connection[Symbol.dispose]();
  }
}
