// Jobs for the fault tests. Every task has its own prompt, by which calls are counted.

import type { PolicyRequest, SubmitRequest } from '../../../src/client/index.ts';
import type { FaultWorld } from './world.ts';

export interface LoadOptions {
  /** Default 1. */
  readonly jobs?: number;
  /** Of each job; default 1. */
  readonly tasks?: number;
  readonly prompt?: string;
  readonly policy?: PolicyRequest;
}

let made = 0;

/** Submits jobs one after the other; their ids. */
export async function submitMany(world: FaultWorld, options: LoadOptions): Promise<string[]> {
  await world.watcher.ready;
  const ids: string[] = [];
  for (let job = 0; job < (options.jobs ?? 1); job += 1) ids.push((await world.client.submit(aJob(options))).id);
  return ids;
}

export function aJob({ tasks = 1, prompt = 'a yard', policy }: LoadOptions): SubmitRequest {
  made += 1;
  return {
    kind: 'image',
    tasks: Array.from({ length: tasks }, (_, task) => ({ input: { prompt: `${prompt} ${made}.${task}` } })),
    ...(policy && { policy }),
  };
}

export interface RunningLoad {
  /** The ids of all jobs that were acknowledged. */
  readonly jobs: readonly string[];
  /** Stops after the submit under way and throws what went wrong with any. */
  stop(): Promise<readonly string[]>;
}

/** Submits one job after the other, patiently, with `pauseMs` between them, until it is stopped. */
export function keepSubmitting(world: FaultWorld, options: LoadOptions & { readonly pauseMs: number }): RunningLoad {
  const jobs: string[] = [];
  const stop = new AbortController();
  const submitting = (async () => {
    while (!stop.signal.aborted) {
      jobs.push((await world.client.submit(aJob(options), { giveUpAfterMs: 120_000 })).id);
      await new Promise((resolve) => setTimeout(resolve, options.pauseMs));
    }
  })();
  submitting.catch(() => undefined);
  return {
    jobs,
    stop: async () => {
      stop.abort();
      await submitting;
      return jobs;
    },
  };
}
