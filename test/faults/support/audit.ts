// The audit after a fault: waits for every acknowledged job to end and checks every promise about it.

import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { GenwardenApiError } from '../../../src/client/index.ts';
import { isOpen, type TaskState } from '../../../src/job/task.ts';
import type { DetailedEntry } from '../../../src/ports/jobLog.ts';
import { faultsOf } from './chain.ts';
import { addRow } from './rows.ts';
import type { Adapters, FaultWorld } from './world.ts';

export interface AuditOptions {
  /** The name of the row in the report. */
  readonly fault: string;
  /** The ids of all jobs whose submit was acknowledged. */
  readonly jobs: readonly string[];
  /** All of them must be terminal within so many ms; default 60 s. */
  readonly withinMs?: number;
  /** How long a state may outlast its `dueAt`, ms; default 3 s, most of which a slow machine may need. */
  readonly graceMs?: number;
  /** Answered calls for tasks that had been answered before, because a dead worker lost the first answer. Default 0. */
  readonly mostPaidTwice?: number;
  /** False if this build's API cannot read all messages, and so sends no events for them. */
  readonly watched?: boolean;
  /** The adapters of the build that can read all messages; default this build's. */
  readonly adapters?: Adapters;
}

export interface Audited {
  readonly job: string;
  /** By task, oldest first. */
  readonly tasks: readonly (readonly DetailedEntry[])[];
}

/** Adds a row to the report in any case, and fails the test if a promise was broken. */
export async function audit(world: FaultWorld, options: AuditOptions): Promise<Audited[]> {
  const { fault, jobs, withinMs = 60_000, graceMs = 3_000, mostPaidTwice = 0, watched = true } = options;
  const giveUp = AbortSignal.timeout(withinMs);
  const ends = await Promise.all(jobs.map((job) => endOf(world, job, giveUp)));
  const found = jobs.filter((_, index) => ends[index] !== 'lost');
  const log = await world.log(options.adapters);
  const audited = await Promise.all(found.map(async (job) => ({ job, tasks: byTask(await log.history(job)) })));
  const tasks = audited.flatMap((one) => one.tasks);
  const missed = watched ? await world.watcher.missed(tasks.flat().map(({ sequence }) => sequence)) : [];
  const twice = paidTwice(world, tasks);
  const row = {
    fault,
    jobs: jobs.length,
    tasks: tasks.length,
    terminal: ends.filter((end) => end === 'terminal').length,
    lost: jobs.length - found.length,
    double: tasks.filter(succeededTwice).length,
    paidTwice: twice.length,
    eventsMissed: missed.length + world.watcher.resets(),
    worstOverdueMs: Math.max(0, ...tasks.map(worstOverdue)),
  };
  addRow(row);
  const broken = [
    ...audited.flatMap(({ job, tasks: own }) => [...incomplete(job, own), ...own.flatMap((one) => problems(job, one))]),
    ...(await missingArtifacts(world, tasks)),
    ...(await brokenInvariants(world)),
  ];
  expect(broken).toEqual([]);
  expect(row).toMatchObject({ terminal: jobs.length, lost: 0, double: 0, eventsMissed: 0 });
  expect(row.worstOverdueMs).toBeLessThanOrEqual(graceMs);
  expect(twice.slice(mostPaidTwice)).toEqual([]);
  return audited;
}

/** The states of one task, such as `queued:Submitted running succeeded`. */
export const story = (entries: readonly DetailedEntry[]): string =>
  entries.map(({ state: { state, reason } }) => (state === 'queued' ? `queued:${reason}` : state)).join(' ');

/** The calls for tasks whose prompt contains this text. */
export const callsFor = (world: FaultWorld, prompt: string) =>
  world.standin.requests.filter((request) => request.prompt.includes(prompt));

async function endOf(world: FaultWorld, job: string, signal: AbortSignal): Promise<'terminal' | 'open' | 'lost'> {
  try {
    await world.client.wait(job, { signal });
    return 'terminal';
  } catch (error) {
    if (error instanceof GenwardenApiError && error.status === 404) return 'lost';
    if (signal.aborted) return 'open';
    throw error;
  }
}

function byTask(entries: readonly DetailedEntry[]): DetailedEntry[][] {
  const tasks = new Map<number, DetailedEntry[]>();
  for (const entry of entries.toSorted((one, other) => one.sequence - other.sequence)) {
    const { task } = entry.state.of;
    tasks.set(task, [...(tasks.get(task) ?? []), entry]);
  }
  return [...tasks.values()];
}

const incomplete = (job: string, tasks: readonly (readonly DetailedEntry[])[]): string[] =>
  tasks.length === tasks[0]?.[0]?.state.of.total ? [] : [`${job} has ${tasks.length} tasks`];

function problems(job: string, entries: readonly DetailedEntry[]): string[] {
  const { state } = entries.at(-1)!;
  const { policy, task } = state.of;
  const all = faultsOf(entries);
  if (isOpen(state)) all.push(`is still ${state.state} (${state.reason})`);
  if (entries.some((one) => one.state.attempt > policy.maxAttempts)) all.push('has too many attempts');
  if (entries.some((one) => one.state.attemptsLost > policy.maxLostAttempts)) all.push('lost too many workers');
  return all.map((one) => `${job}/${task}: ${one}`);
}

function succeededTwice(entries: readonly DetailedEntry[]): boolean {
  const runs = entries.filter(({ state }) => state.state === 'succeeded').map(({ state }) => state.run);
  return new Set(runs).size < runs.length;
}

/** ms by which the task was left in an open state too long, by the server's time. */
function worstOverdue(entries: readonly DetailedEntry[]): number {
  const late = entries.map(({ state }, index) => lateness(state, entries[index + 1]));
  return Math.max(0, ...late);
}

const lateness = (state: TaskState, next: DetailedEntry | undefined): number =>
  isOpen(state) ? (next?.at ?? Date.now()) - state.dueAt : 0;

/** The history of each task that the provider answered more than once per run, once for each extra answer. */
function paidTwice({ standin }: FaultWorld, tasks: readonly (readonly DetailedEntry[])[]): string[] {
  const answers = new Map<string, number>();
  for (const { prompt, outcome, status } of standin.requests) {
    if (outcome === 'answered' && status === 200) answers.set(prompt, (answers.get(prompt) ?? 0) + 1);
  }
  return tasks.flatMap((entries) => {
    const { input } = entries[0]!.detail.request!;
    const extra = (answers.get(input.prompt) ?? 0) - entries.at(-1)!.state.run;
    return Array<string>(Math.max(0, extra)).fill(`${input.prompt}: ${story(entries)}`);
  });
}

async function missingArtifacts(world: FaultWorld, tasks: readonly (readonly DetailedEntry[])[]): Promise<string[]> {
  const missing: string[] = [];
  for (const entries of tasks) {
    const { state, detail } = entries.at(-1)!;
    if (state.state !== 'succeeded') continue;
    const { job, task } = state.of;
    const refs = detail.artifacts ?? [];
    if (refs.length === 0) missing.push(`${job}/${task} succeeded without an artifact`);
    for (const { name, digest, bytes } of refs) {
      const got = await world.client.downloadArtifact(job, task, name).catch(() => undefined);
      const sum = got && `sha256:${createHash('sha256').update(got.bytes).digest('hex')}`;
      if (sum !== digest || got?.bytes.length !== bytes) missing.push(`${job}/${task}: ${name} is ${sum ?? 'missing'}`);
    }
  }
  return missing;
}

/** What the controllers counted themselves; those that were killed cannot be asked. */
async function brokenInvariants({ controllers }: FaultWorld): Promise<string[]> {
  const pages = await Promise.all(
    controllers.map(async ({ lines }) => {
      const url = /metrics on (http:[^"\s]+)/.exec(lines.join('\n'))?.[1];
      return url === undefined
        ? ''
        : fetch(url).then(
            (page) => page.text(),
            () => '',
          );
    }),
  );
  const counts = pages.flatMap((page) => [...page.matchAll(/^genwarden_invariant_violations_total\{.*\} (?!0$).*$/gm)]);
  return counts.map(([line]) => line);
}
