// The load during a fault. Every task has a unique prompt, so that its calls can be counted.

import type { PolicyRequest, SubmitRequest } from '../../../src/client/index.ts';
import { sleep } from '../../../src/async/sleep.ts';
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
  /** Stops after the submit in progress; throws the error of any submit that failed. */
  stop(): Promise<readonly string[]>;
}

/** Submits one job after the other with `intervalMs` between them until it is stopped; retries each for two minutes. */
export function keepSubmitting(
  { client }: Pick<FaultWorld, 'client'>,
  options: LoadOptions & { readonly intervalMs: number },
): RunningLoad {
  const jobs: string[] = [];
  const stop = new AbortController();
  const submitting = (async () => {
    while (!stop.signal.aborted) {
      jobs.push((await client.submit(aJob(options), { giveUpAfterMs: 120_000 })).id);
      await sleep(options.intervalMs, stop.signal);
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
