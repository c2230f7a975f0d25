// The installation under a fault: Genwarden's processes, started at the same time, and direct access to the stream for the
// audit.

import { onTestFinished } from 'vitest';
import * as ours from '../../../src/adapters/nats/index.ts';
import { GenwardenClient } from '../../../src/client/index.ts';
import type { JobLog } from '../../../src/ports/jobLog.ts';
import type { Behaviour } from '../../../src/standin/standin.ts';
import { freePort } from '../../support/freePorts.ts';
import {
  startInstallation,
  type Env,
  type Installation,
  type InstallationOptions,
  type ProcessName,
} from '../../support/installation.ts';
import { startNatsServer } from '../../support/natsServer.ts';
import type { NatsServerOptions } from '../../support/natsServer.ts';
import type { TestProcess } from '../../support/process.ts';
import { watchEverything, type Watcher } from './watcher.ts';

export interface FaultWorld extends Pick<Installation, 'nats' | 'standin' | 'client' | 'url' | 'start'> {
  /** Every controller that was ever started here: the audit reads its counter of broken invariants. */
  readonly controllers: readonly TestProcess[];
  /** The first of each kind that was started with the world. */
  readonly first: Readonly<Record<ProcessName, TestProcess>>;
  /** Follows events from the start: its `ready` resolves before the first submit. */
  readonly watcher: Watcher;
  /** Reads the stream directly, with the adapters of another build if given. */
  log(adapters?: Adapters): Promise<JobLog>;
}

export interface WorldOptions extends Omit<InstallationOptions, 'systemAccount'> {
  readonly natsOptions?: NatsServerOptions;
  /** Instead of a quick, small picture. */
  readonly behaviour?: Behaviour;
}

export type Adapters = Pick<typeof ours, 'connectNats' | 'natsJobLog'>;

const everything: readonly ProcessName[] = ['controller', 'worker', 'api'];

/** Everything ends with the test. */
export async function startWorld(options: WorldOptions = {}): Promise<FaultWorld> {
  const { processes = everything, natsOptions = {}, behaviour, env, ...rest } = options;
  const nats = options.nats ?? (await startNatsServer(natsOptions));
  if (options.nats === undefined) onTestFinished(() => nats.stop());
  // The same after a restart of the api.
  const port = String(await freePort());
  const shared = { GENWARDEN_HTTP_PORT: port, GENWARDEN_CONCURRENCY: '5', ...env };
  const installation = await startInstallation({ ...rest, nats, env: shared, processes: [] });
  installation.standin.behave(behaviour ?? { kind: 'image', bytes: 'small', latencyMs: 100 });
  const controllers: TestProcess[] = [];
  const start: Installation['start'] = async (name, more, program) => {
    const started = await installation.start(name, more, program);
    if (name === 'controller') controllers.push(started);
    return started;
  };
  const all = await Promise.all(processes.map(async (name) => [name, await start(name)] as const));
  const url = `http://127.0.0.1:${port}`;
  const first = Object.fromEntries(all.toReversed()) as Record<ProcessName, TestProcess>;
  const client = new GenwardenClient({ url });
  const watcher = watchEverything(client);
  if (processes.includes('api')) await watcher.ready;
  const urls = (shared as Env)['GENWARDEN_NATS_URL']?.split(',') ?? [nats.url];
  return {
    ...installation,
    url,
    client,
    watcher,
    start,
    controllers,
    first,
    log: (adapters = ours) => openLog(urls, adapters),
  };
}

async function openLog(urls: string[], { connectNats, natsJobLog }: Adapters): Promise<JobLog> {
  const log = { info: () => undefined, warn: () => undefined, debug: () => undefined, error: () => undefined };
  const link = await connectNats(
    { urls, prefix: 'genwarden', name: 'auditor' },
    { signal: AbortSignal.timeout(20_000), log },
  );
  onTestFinished(() => link.close());
  return natsJobLog(link, { retentionMs: 7 * 86_400_000 });
}

/** The worker's name in its heartbeats and in the stream. */
export function nameOf(worker: TestProcess): string {
  const line = worker.lines.find((one) => one.includes('worker started'))!;
  return (JSON.parse(line) as { worker: string }).worker;
}
