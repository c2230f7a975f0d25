// One of the systems that are compared: its server with the durability of the round, and its processes.

import { fileURLToPath } from 'node:url';
import { startProcess, type TestProcess } from '../../test/support/process.ts';
import { startChild, type Child } from './child.ts';

/** How soon what is acknowledged is on the disk, in the words of each server. */
export const durabilities = {
  default: { redis: 'everysec', syncInterval: '2m' },
  second: { redis: 'everysec', syncInterval: '1s' },
  always: { redis: 'always', syncInterval: 'always' },
} as const;

export type Durability = keyof typeof durabilities;
export type ContenderName = 'ours' | 'bullmq' | 'bare';

export interface Contender extends AsyncDisposable {
  startChild(): Promise<Child>;
  /** The address of `POST /v1/jobs`. */
  startApi(): Promise<{ readonly url: string } & AsyncDisposable>;
  /** Throws unless exactly `count` tasks are stored and all of them have succeeded; `queued`: unless all still wait. */
  verify(count: number, state: 'succeeded' | 'queued'): Promise<void>;
}

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export const childOf = (name: string, address: string, flags: readonly string[] = []): Promise<Child> =>
  startChild(path(name), [address], flags);

export async function apiOf(name: string, address: string): Promise<{ readonly url: string } & AsyncDisposable> {
  const started = await startProcess(process.execPath, [path(name), address], {
    readyWhen: /API on/,
    timeoutMs: 60_000,
  });
  return { url: urlIn(started), [Symbol.asyncDispose]: () => started.stop() };
}

const urlIn = ({ lines }: TestProcess): string => /API on (http:[^"\s]+)/.exec(lines.join('\n'))![1]!;
