// Very many jobs, and one job of very many tasks. Their tasks are texts, which cost the provider nothing.

import { mapLimit } from '../../../../src/async/mapLimit.ts';
import type { State, SubmitRequest } from '../../../../src/client/index.ts';
import { until } from '../../../support/until.ts';
import type { Site } from '../site.ts';

/** Their pool has no worker, so that they stay queued. Every tenth is cancelled. Newest last. */
export async function manyJobs({ client }: Site, count: number, pool: string): Promise<string[]> {
  return mapLimit(
    24,
    Array.from({ length: count }, (_, at) => at),
    async (at) => {
      const { id } = await client.submit(manyJob(at, pool));
      if (at % 10 === 0) await client.cancel(id);
      return id;
    },
  );
}

function manyJob(at: number, pool: string): SubmitRequest {
  const input = { prompt: `Product text number ${String(at)}, in three short sentences` };
  return { kind: 'text', pool, input, labels: { batch: String(Math.floor(at / 1_000)) } };
}

/** A job of 500 texts, of which every 25th fails. */
export async function largeJob({ client }: Site): Promise<string> {
  const tasks = Array.from({ length: 500 }, (_, at) => ({
    name: `article-${String(at).padStart(3, '0')}`,
    input: { prompt: `Describe article ${String(at)}${at % 25 === 0 ? ' [standin: refuse-output SAFETY]' : ''}` },
  }));
  const { id } = await client.submit({ kind: 'text', tasks, labels: { catalogue: 'autumn' } });
  const ended = async (): Promise<boolean> => (await client.get(id, { tasks: false })).finishedAt !== null;
  await until(ended, { what: 'the job of 500 tasks', timeoutMs: 120_000, intervalMs: 200 });
  return id;
}

/** How many jobs the API lists in the state. */
export async function countJobs({ client }: Site, state: State): Promise<number> {
  return (await Array.fromAsync(client.list({ state, pageSize: 500 }))).length;
}
