// What became of the bad day: one row for each phase, and every deviation from what the phases declare.

import type { Job, Task } from '../../../../src/client/index.ts';
import type { Call } from '../../../support/badProvider/provider.ts';
import { markdownTable } from '../../../support/markdownTable.ts';
import type { RunPhase, SubmittedJob } from './day.ts';
import { callsAboveLimit } from './limit.ts';
import type { FastWorld } from './world.ts';

export interface EndedJob extends SubmittedJob {
  /** Undefined if the API refused it. */
  readonly job: Job | undefined;
}

export interface PhaseResult {
  readonly run: RunPhase;
  readonly jobs: readonly EndedJob[];
  readonly callsInTrouble: number;
  readonly calls: number;
  readonly callsAboveLimit: number;
}

export async function resultsOf(day: FastWorld, run: readonly RunPhase[]): Promise<PhaseResult[]> {
  const above = callsAboveLimit(day);
  return await Promise.all(
    run.map(async (one) => {
      const jobs = await Promise.all(one.jobs.map((submitted) => endOf(day, submitted)));
      const within = (to: number) => (call: Call) => day.fastAt(call.at) >= one.from && day.fastAt(call.at) < to;
      return {
        run: one,
        jobs,
        callsInTrouble: day.provider.calls.filter(within(one.troubleEnds)).length,
        calls: day.provider.calls.filter(within(one.to)).length,
        callsAboveLimit: above.filter(within(one.to)).length,
      };
    }),
  );
}

async function endOf({ world }: FastWorld, submitted: SubmittedJob): Promise<EndedJob> {
  return { ...submitted, job: submitted.id === undefined ? undefined : await world.client.get(submitted.id) };
}

/** From the first submit to the last, ms by the processes' own clock. */
export function dayLength(results: readonly PhaseResult[]): number {
  const at = results.flatMap(({ jobs }) => jobs.flatMap(({ job }) => (job ? Date.parse(job.submittedAt) : [])));
  return Math.max(...at) - Math.min(...at);
}

const titles = ['phase', 'jobs', 'succeeded', 'failed with code', 'waited (p50, max)', 'said'];
const counts = ['calls', 'above limit', 'attempts spent'];

export function dayTable(results: readonly PhaseResult[]): string {
  return markdownTable([...titles, ...counts], results.map(cellsOf));
}

/** What waiting tasks said in each phase. */
export function dayWords(results: readonly PhaseResult[]): string {
  const lines = results.flatMap(({ run: { phase, waits } }) =>
    [...waits].map(([reason, { detail, until, explained }]) => [phase.name, reason, detail, until ?? '–', explained]),
  );
  return markdownTable(['phase', 'reason', 'detail', 'until', 'explain'], lines);
}

function cellsOf({ run, jobs, calls, callsAboveLimit: above }: PhaseResult): string[] {
  const ends = jobs.map(endName);
  const failures = [...new Set(ends)].filter((end) => end !== 'succeeded');
  const waits = jobs.flatMap(({ job }) => (job === undefined ? [] : [waited(job)])).toSorted((a, b) => a - b);
  const seconds = (ms = 0): string => `${(ms / 1_000).toFixed(0)} s`;
  return [
    run.phase.name,
    String(jobs.length),
    String(ends.filter((end) => end === 'succeeded').length),
    failures.map((code) => `${code} ${String(ends.filter((end) => end === code).length)}`).join(', ') || '–',
    `${seconds(waits[Math.floor((waits.length - 1) / 2)])}, ${seconds(waits.at(-1))}`,
    [...run.waits.keys()].join(', ') || '–',
    String(calls),
    String(above),
    String(jobs.reduce((sum, { job }) => sum + (job === undefined ? 0 : taskOf(job).attempt), 0)),
  ];
}

/** From submit to the start of the last attempt, or to the end of a job that never ran; fast ms. */
function waited(job: Job): number {
  const end = taskOf(job).startedAt ?? job.finishedAt ?? job.submittedAt;
  return Date.parse(end) - Date.parse(job.submittedAt);
}

/** How a job ended: `succeeded`, the code of its failure, its state if it is open, or why the API refused it. */
function endName({ job, refusal }: EndedJob): string {
  if (job === undefined) return refusal ?? 'not submitted';
  return job.state === 'failed' ? (taskOf(job).error?.code ?? 'failed') : job.state;
}

const taskOf = (job: Job): Task => job.tasks![0]!;

/** Empty if the day went as its phases declare. */
export function deviations(results: readonly PhaseResult[]): string[] {
  return results.flatMap((result) => {
    const { phase, waits } = result.run;
    const found = result.jobs.flatMap(jobDeviations);
    if (phase.waitsFor !== undefined && !waits.has(phase.waitsFor))
      found.push(`no task said that it waits for ${phase.waitsFor}, only: ${[...waits.keys()].join(', ')}`);
    if (result.callsInTrouble > (phase.mostCalls ?? Infinity))
      found.push(`${result.callsInTrouble} calls in the trouble, allowed are ${phase.mostCalls!}`);
    if (result.callsAboveLimit > 0) found.push(`${result.callsAboveLimit} calls above the limit`);
    return found.map((one) => `${phase.name}: ${one}`);
  });
}

function jobDeviations(ended: EndedJob): string[] {
  const { load, prompt, job } = ended;
  const end = endName(ended);
  const found = end === load.ends ? [] : [`ended with ${end} instead of ${load.ends}`];
  if (job !== undefined) {
    const { attempt } = taskOf(job);
    const { attempts = 1 } = load;
    if (attempt > attempts) found.push(`spent ${attempt} attempts, allowed are ${attempts}`);
    const { used } = taskOf(job);
    if (load.usedModel !== undefined && used?.model !== load.usedModel)
      found.push(`used ${used?.model ?? 'no model'} instead of ${load.usedModel}`);
  }
  return found.map((one) => `${prompt} ${one}`);
}
