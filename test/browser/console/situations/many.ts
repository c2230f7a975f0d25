// Very many jobs, and one job of very many tasks. Their tasks are texts, which cost the provider nothing.

import { mapLimit } from '../../../../src/async/mapLimit.ts';
import type { SubmitRequest } from '../../../../src/client/index.ts';
import { until } from '../../../support/until.ts';
import type { Site } from '../../../support/site/site.ts';

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

/**
 * At least so many task events, as a tab that stays open for a day gets them: jobs that come and go, most of them with many tasks. Their
 * pool has no worker. Resolves with the number of events.
 */
export async function manyEvents({ client }: Site, count: number, pool: string): Promise<number> {
  let events = 0;
  const submitAndCancel = async (tasks: number): Promise<void> => {
    const input = { prompt: `Text of a long day, after ${String(events)} events` };
    const { id } = await client.submit({ kind: 'text', pool, input, tasks: Array.from({ length: tasks }, () => ({})) });
    await client.cancel(id);
    events += 2 * tasks;
  };
  while (events < count) {
    await mapLimit(8, [100, 100, ...Array.from({ length: 50 }, () => 1)], submitAndCancel);
  }
  return events;
}
