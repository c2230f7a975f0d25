// Runs the bad day: submits the jobs of each phase, makes the provider misbehave, and collects what tasks say while they wait.

import { sleep } from '../../../../src/async/sleep.ts';
import { GenwardenApiError, type Job, type SubmitRequest, type WaitingFor } from '../../../../src/client/index.ts';
import type { Load, Phase } from './phases.ts';
import type { FastWorld } from './world.ts';

export interface SubmittedJob {
  readonly load: Load;
  readonly prompt: string;
  /** Undefined: the API refused it with `refusal`. */
  readonly id: string | undefined;
  readonly refusal?: string;
}

export interface RunPhase {
  readonly phase: Phase;
  /** Fast instants. */
  readonly from: number;
  readonly troubleEnds: number;
  readonly to: number;
  readonly jobs: readonly SubmittedJob[];
  /** By the reason that open tasks of this phase gave in `waitingFor`: the words of the first one. */
  readonly waits: ReadonlyMap<string, Words>;
}

export interface Words {
  /** Of `waitingFor`. */
  readonly detail: string;
  readonly until: string | null;
  /** The summary and the advice of `explain` at the same time. */
  readonly explained: string;
}

/** Fast ms between two looks at the open jobs of a phase. */
const lookEvery = 5_000;

/** Resolves at the end of the last phase, with whatever is still open then. */
export async function runDay(day: FastWorld, phases: readonly Phase[]): Promise<RunPhase[]> {
  const run: RunPhase[] = [];
  const looks: Promise<void>[] = [];
  for (let from = day.now(), at = 0; at < phases.length; at += 1) {
    const phase = phases[at]!;
    const to = from + phase.lastsMs;
    const jobs: SubmittedJob[] = [];
    const waits = new Map<string, Words>();
    const troubleEnds = from + phase.troubleMs;
    day.provider.answer = (call) => (day.now() < troubleEnds ? phase.answer?.(call, day) : undefined);
    looks.push(watchWaits(day, jobs, { waits, until: to }));
    await submitAll(day, phase, { from, jobs });
    await sleepUntil(day, troubleEnds);
    await phase.repair?.(day);
    await sleepUntil(day, to);
    run.push({ phase, from, troubleEnds, to, jobs, waits });
    from = to;
  }
  await Promise.all(looks);
  return run;
}

/** At equal intervals in the first half of the trouble, the loads in turn. */
async function submitAll(
  day: FastWorld,
  phase: Phase,
  { from, jobs }: { from: number; jobs: SubmittedJob[] },
): Promise<void> {
  const loads = inTurn(phase.loads);
  const interval = phase.troubleMs / 2 / loads.length;
  for (const [at, load] of loads.entries()) {
    await sleepUntil(day, from + at * interval);
    jobs.push(await submit(day, load, `${load.name} ${String(at)}`));
  }
}

async function submit({ world }: FastWorld, load: Load, prompt: string): Promise<SubmittedJob> {
  const request: SubmitRequest = { kind: 'image', input: { prompt }, ...load.request };
  try {
    return { load, prompt, id: (await world.client.submit(request)).id };
  } catch (error) {
    if (!(error instanceof GenwardenApiError)) throw error;
    return { load, prompt, id: undefined, refusal: `submit: ${String(error.status)}` };
  }
}

/** The loads of all jobs: the first of each load, then the second of each, and so on. */
function inTurn(loads: readonly Load[]): Load[] {
  const most = Math.max(...loads.map(({ jobs }) => jobs));
  return Array.from({ length: most }, (_, at) => loads.filter(({ jobs }) => at < jobs)).flat();
}

async function watchWaits(
  day: FastWorld,
  jobs: readonly SubmittedJob[],
  { waits, until }: { waits: Map<string, Words>; until: number },
): Promise<void> {
  const { client } = day.world;
  while (day.now() < until) {
    await sleep(day.realMs(lookEvery));
    for (const id of jobs.flatMap((job) => job.id ?? [])) {
      const wait = waitOf(await client.get(id));
      if (wait === null || waits.has(wait.reason)) continue;
      const [task] = (await client.explain(id)).tasks;
      waits.set(wait.reason, { ...wait, explained: [task!.summary, ...task!.advice].join(' ') });
    }
  }
}

const waitOf = ({ tasks }: Job): WaitingFor | null => tasks![0]!.waitingFor;

const sleepUntil = (day: FastWorld, at: number): Promise<void> => sleep(Math.max(0, day.realMs(at - day.now())));
