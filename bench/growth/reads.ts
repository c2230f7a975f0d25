// What each kind of request costs, and how long it keeps every other request waiting.

import { HttpConnection } from '../http/connection.ts';
import { percentiles, type Percentiles } from '../measure.ts';
import { LagProbe } from './lagProbe.ts';
import type { Site } from './starts.ts';

export interface ReadFigures {
  readonly ms: Percentiles;
  /** The longest that a request to `/healthz`, sent every few ms beside these, had to wait, ms. */
  readonly lag: number;
  /** How many were measured within the time limit. */
  readonly count: number;
}

export interface ReadLimits {
  readonly count: number;
  /** No request of a kind starts later than that after its first, ms. */
  readonly forMs: number;
}

/** By kind; each answer must say what it is expected to say. */
export async function measureReads(
  { url, headers }: Site,
  jobs: readonly string[],
  limits: ReadLimits,
): Promise<Record<string, ReadFigures>> {
  const figures: Record<string, ReadFigures> = {};
  for (const [kind, read] of Object.entries(readsOf(jobs)))
    figures[kind] = await measure({ url, headers }, read, limits);
  return figures;
}

interface Read {
  readonly path: (index: number) => string;
  /** In the body of every answer. */
  readonly has: string;
}

function readsOf(jobs: readonly string[]): Record<string, Read> {
  // A prime step visits jobs all over the queue.
  const job = (index: number): string => jobs[(index * 7_919) % jobs.length]!;
  return {
    get: { path: (index) => `/v1/jobs/${job(index)}`, has: '"id":"01' },
    list: { path: () => '/v1/jobs', has: '"id":"' },
    'empty filter': { path: () => '/v1/jobs?label=project=none', has: '"items":[]' },
    pools: { path: () => '/v1/pools', has: '"name":"photos"' },
    explain: { path: (index) => `/v1/jobs/${job(index)}/explain`, has: '"summary":"' },
    stuck: { path: () => '/v1/stuck?olderThan=1h', has: '"searched"' },
  };
}

async function measure(
  { url, headers }: Site,
  { path, has }: Read,
  { count, forMs }: ReadLimits,
): Promise<ReadFigures> {
  using connection = await HttpConnection.open(url, headers);
  await using probe = await LagProbe.start(url);
  const times: number[] = [];
  const begun = performance.now();
  // The first request of a kind compiles its code.
  for (let index = -1; index < count && (index < 5 || performance.now() - begun < forMs); index += 1) {
    const from = performance.now();
    const { status, body } = await connection.send('GET', path(index + 1));
    if (index === -1) probe.forget();
    else times.push(performance.now() - from);
    if (status !== 200 || !body.includes(has))
      throw new Error(`${path(index + 1)} answered ${status} without ${has}: ${body.slice(0, 500)}`);
  }
  return { ms: percentiles(times), lag: await probe.longest(), count: times.length };
}
