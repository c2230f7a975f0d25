// A program that downloads one artifact many times at once, hashes what arrives without keeping it, and prints what it saw as
// one line of JSON. It runs beside the test, so that its own work does not delay the calls that the test measures.

import { createHash } from 'node:crypto';
import { Agent, get, type IncomingMessage } from 'node:http';
import { fileURLToPath } from 'node:url';
import { startProcess } from '../../support/process.ts';

export interface Downloads {
  /** Complete, with the right digest. */
  readonly whole: number;
  readonly failures: readonly string[];
  /** From the first request to the last byte, ms. */
  readonly tookMs: number;
  /** Of one download: the fastest and the slowest, ms. */
  readonly fastestMs: number;
  readonly slowestMs: number;
}

/** Downloads the artifact `count` times at once in a process beside this one. `etag`: the digest in quotes. */
export async function downloadAtOnce(url: string, count: number, etag: string): Promise<Downloads> {
  const program = fileURLToPath(import.meta.url);
  const done = await startProcess(process.execPath, [program, url, String(count), etag], {
    readyWhen: /"whole"/,
    timeoutMs: 120_000,
  });
  return JSON.parse(done.lines.find((line) => line.includes('"whole"'))!) as Downloads;
}

async function downloadAll(url: string, count: number, etag: string): Promise<Downloads> {
  const agent = new Agent({ maxSockets: count });
  const startedAt = performance.now();
  const all = await Promise.all(
    Array.from({ length: count }, async () => {
      const failure = await download(url, etag, agent).catch((error: Error) => error.message);
      return { failure, ms: Math.round(performance.now() - startedAt) };
    }),
  );
  const failures = all.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
  const times = all.map(({ ms }) => ms).toSorted((a, b) => a - b);
  agent.destroy();
  return {
    whole: count - failures.length,
    failures: [...new Set(failures)],
    tookMs: times.at(-1)!,
    fastestMs: times[0]!,
    slowestMs: times.at(-1)!,
  };
}

/** What was wrong with the download; undefined if it is whole. */
async function download(url: string, etag: string, agent: Agent): Promise<string | undefined> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { agent }, resolve).on('error', reject);
  });
  const hash = createHash('sha256');
  for await (const part of response) hash.update(part as Buffer);
  if (response.statusCode !== 200) return `status ${response.statusCode}`;
  return `"sha256:${hash.digest('hex')}"` === etag ? undefined : 'other bytes';
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , url, count, etag] = process.argv;
  process.stdout.write(`${JSON.stringify(await downloadAll(url!, Number(count), etag!))}\n`);
}
