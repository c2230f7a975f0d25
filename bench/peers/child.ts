// A process of the benchmark that takes commands: the same program in both roles, client and worker, for each system.

import { fork } from 'node:child_process';
import { endWithThisProcess } from '../../test/support/cleanup.ts';

/** What a child is told. Ids of tasks are numbers from `from` on, unique in the run of one server. */
export type Command =
  /** Adds tasks one by one, `atOnce` of them at a time. */
  | { readonly do: 'add'; readonly from: number; readonly count: number; readonly atOnce: number }
  /** Adds a task every `everyMs`; answers with the moment of each. */
  | { readonly do: 'pace'; readonly from: number; readonly count: number; readonly everyMs: number }
  /** Runs tasks from now on, `slots` at once. */
  | { readonly do: 'work'; readonly slots: number }
  /** Answers with the moment at which each task started since the last time. */
  | { readonly do: 'starts' }
  /** Ends the worker, and answers with how many different tasks it has ended. */
  | { readonly do: 'stop' };

/** By the task's prompt, ms of the machine's monotonic clock. */
export type Moments = readonly (readonly [prompt: string, at: number])[];

/** `at`: when the latest one ended. */
export interface Progress {
  readonly ended: number;
  readonly at: number;
}

export type Message =
  | { readonly is: 'ready' }
  | { readonly is: 'done'; readonly value: unknown }
  | { readonly is: 'failed'; readonly error: string }
  | ({ readonly is: 'progress' } & Progress);

export interface Child extends AsyncDisposable {
  readonly pid: number;
  tell<T = undefined>(command: Command): Promise<T>;
  /** What it has ended as a worker. */
  readonly progress: Progress;
  /** Sends SIGTERM, so that a profile is written, and SIGKILL after ten seconds. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The machine's clock, the same in every process, ms. */
export const monotonic = (): number => Number(process.hrtime.bigint()) / 1e6;

export async function startChild(program: string, args: string[], flags: readonly string[] = []): Promise<Child> {
  const started = fork(program, args, { execArgv: [...flags], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  endWithThisProcess(started);
  const exited = new Promise<void>((resolve) => started.once('exit', () => resolve()));
  let waiting = Promise.withResolvers<unknown>();
  waiting.promise.catch(() => undefined);
  const first = waiting.promise;
  let progress: Progress = { ended: 0, at: 0 };
  started.on('message', (message: Message) => {
    if (message.is === 'progress') progress = message;
    else if (message.is === 'failed') waiting.reject(new Error(message.error));
    else waiting.resolve(message.is === 'done' ? message.value : undefined);
  });
  void exited.then(() => waiting.reject(new Error(`${program} ended`)));
  await first;
  return {
    pid: started.pid!,
    tell: async <T>(command: Command) => {
      waiting = Promise.withResolvers();
      if (started.connected) started.send(command);
      else waiting.reject(new Error(`${program} ended`));
      return (await waiting.promise) as T;
    },
    get progress() {
      return progress;
    },
    [Symbol.asyncDispose]: async () => {
      started.kill('SIGTERM');
      const kill = setTimeout(() => started.kill('SIGKILL'), 10_000);
      await exited;
      clearTimeout(kill);
    },
  };
}
