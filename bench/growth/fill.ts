// Fills a stream with open tasks through the product's job log, as many jobs at once as the log takes.

import { policyFor } from '../../src/job/policy.ts';
import type { Queued, SpecWrite } from '../../src/job/task.ts';
import { submitted } from '../../src/job/transitions.ts';
import { inParallel } from '../measure.ts';
import type { Ours } from '../ours.ts';

/** Jobs have 1 to 20 tasks, most of them few; the mean is about 5. */
const sizes = [1, 1, 2, 2, 3, 4, 5, 8, 12, 20];
const [tenants, projects, stages] = [40, 500, ['draft', 'final', 'print']] as const;
const week = 7 * 86_400_000;
const digest = `sha256:${'0'.repeat(64)}`;

export const poolsOfGrowth = ['default', 'photos', 'stories', 'sketches', 'prints'] as const;

/** Stores exactly `tasks` tasks, and returns the ids of the jobs. */
export async function fill(ours: Ours, tasks: number): Promise<string[]> {
  const planned = plan(tasks);
  await inParallel(planned.length, 100, async (index) => {
    const { outcome } = await ours.log.submit(specsOf(ours.clock.now(), index, planned[index]!));
    if (outcome !== 'stored') throw new Error(`job ${index} was not stored: ${outcome}`);
  });
  return planned.map((_, index) => jobId(index));
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
