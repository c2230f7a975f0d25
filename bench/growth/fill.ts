// Fills a stream with open tasks through the product's job log, as many jobs at once as the log takes.

import { GenwardenError } from '../../src/job/errors/index.ts';
import { policyFor } from '../../src/job/policy.ts';
import type { Queued, SpecWrite } from '../../src/job/task.ts';
import { submitted } from '../../src/job/transitions.ts';
import { inParallel } from '../measure.ts';
import type { Ours } from '../ours.ts';

/** Most jobs have one task, and most tasks are in large jobs: a batch costs the server as much as some 40 single messages. */
const sizes = [...Array.from({ length: 40 }, () => 1), 20, 60, 200];
const [tenants, projects, stages] = [40, 500, ['draft', 'final', 'print']] as const;
/** A server takes 50 atomic batches of a stream at the same time; it drops those beyond. */
const batchesAtOnce = 16;
const singlesAtOnce = 200;
const retries = 5;
const week = 7 * 86_400_000;
const digest = `sha256:${'0'.repeat(64)}`;

export const poolsOfGrowth = ['default', 'photos', 'stories', 'sketches', 'prints'] as const;

/** Stores exactly `tasks` tasks, and returns the ids of the jobs. */
export async function fill(ours: Ours, tasks: number): Promise<string[]> {
  const planned = plan(tasks);
  const storeAll = (isWanted: (tasks: number) => boolean, atOnce: number): Promise<void> => {
    const indexes = [...planned.keys()].filter((index) => isWanted(planned[index]!));
    return inParallel(indexes.length, atOnce, (at) => {
      const index = indexes[at]!;
      return store(ours, specsOf(ours.clock.now(), index, planned[index]!));
    });
  };
  await Promise.all([storeAll((size) => size === 1, singlesAtOnce), storeAll((size) => size > 1, batchesAtOnce)]);
  return planned.map((_, index) => jobId(index));
}

/** A busy server may not answer in time; the same submit again is safe, and the first one may have been stored. */
async function store(ours: Ours, specs: readonly SpecWrite<Queued>[], attemptsLeft = retries): Promise<void> {
  try {
    const { outcome } = await ours.log.submit(specs);
    if (outcome === 'stored' || (outcome === 'exists' && attemptsLeft < retries)) return;
    throw new Error(`job ${specs[0]!.state.of.job} was not stored: ${outcome}`);
  } catch (error) {
    if (!(error instanceof GenwardenError) || attemptsLeft === 0) throw error;
    await store(ours, specs, attemptsLeft - 1);
  }
}

/** How many tasks each job has. */
export function plan(tasks: number): number[] {
  const jobs: number[] = [];
  for (let left = tasks; left > 0; left -= jobs.at(-1)!) jobs.push(Math.min(left, sizes[jobs.length % sizes.length]!));
  return jobs;
}

const jobId = (index: number): string => `01${String(index).padStart(24, '0')}`;

function specsOf(now: number, index: number, total: number): SpecWrite<Queued>[] {
  return Array.from({ length: total }, (_, task) => {
    const prompt = `task ${task} of job ${index}: the front yard with native plants, seen from the street`;
    const state = submitted({
      job: jobId(index),
      task,
      name: total > 1 ? `view-${task}` : null,
      total,
      tenant: `tenant-${index % tenants}`,
      pool: poolsOfGrowth[index % poolsOfGrowth.length]!,
      kind: 'text',
      model: 'gemini-2.5-flash',
      priority: index % 10 === 0 ? 'high' : index % 3 === 0 ? 'low' : 'normal',
      labels: { project: `p${index % projects}`, stage: stages[index % stages.length]! },
      policy: policyFor('text'),
      submittedAt: now,
      expiresAt: now + week,
      deadline: null,
      owner: null,
      ...(task === 0 ? { promptStart: prompt } : {}),
    });
    const request = { input: { prompt }, metadata: {}, jobMetadata: {}, digest, concurrencyKey: null };
    return { state, detail: { message: 'Submitted', request } };
  });
}
