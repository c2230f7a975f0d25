// `kubectl genwarden logs JOB`: what the workers that run or ran a job say of it.

import type { Command } from 'commander';
import type { GenwardenClient, Job } from '../../client/index.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { clientCommand, withClient } from '../client/session.ts';
import { writeLine, type Io } from '../output/io.ts';
import { reachInstallation, type Reached } from './connect.ts';
import type { PluginFlags } from './flags.ts';
import { podLog } from '../../adapters/kubernetes/podLog.ts';
import { podsOfWorker, type WorkerPod } from './workerPods.ts';

interface LogsOptions extends PluginFlags {
  readonly follow?: true;
  readonly all?: true;
}

export function addLogs(program: Command, io: Io): void {
  clientCommand(program, 'logs', 'Print the log of the workers that run or ran a job')
    .argument('<job>', 'id of the job')
    .option('-f, --follow', 'go on until the job has finished')
    .option('--all', 'all that these workers logged meanwhile, not only the lines about the job')
    .action(
      withClient(io, async (client, id: string, options: LogsOptions) => {
        const job = await client.get(id);
        const reached = await reachInstallation(options);
        const printer = new WorkerLogs(io, reached, job, options);
        if (options.follow === true && job.finishedAt === null) await followLogs(client, printer, job.id);
        else await printLogs(client, printer, job.id);
      }),
    );
}

/** Throws `WorkerLogGone` where the job has run and no log of it is left. */
async function printLogs(client: GenwardenClient, printer: WorkerLogs, id: string): Promise<void> {
  for (const worker of await workersOf(client, id)) await printer.print(worker);
  printer.refuseNothing();
}

/** Follows each worker from when it takes a task of the job, until the job has finished. */
async function followLogs(client: GenwardenClient, printer: WorkerLogs, id: string): Promise<void> {
  for (const worker of await workersOf(client, id)) printer.follow(worker);
  for await (const event of client.events(id)) {
    if (event.event === 'task' && event.data.worker !== null) printer.follow(event.data.worker);
  }
  await printer.end();
}

/** In the order in which they took tasks of it. */
async function workersOf(client: GenwardenClient, id: string): Promise<ReadonlySet<string>> {
  const history = (await client.history(id)).toSorted((a, b) => a.sequence - b.sequence);
  return new Set(history.flatMap(({ worker }) => worker ?? []));
}

/** The worker writes its last line about a job after the job's last event, ms. */
const lastLinesMs = 1_500;
/** Clocks of nodes differ, ms. */
const skewMs = 60_000;

class WorkerLogs {
  readonly #io: Io;
  readonly #reached: Reached;
  readonly #job: Job;
  readonly #all: boolean;
  readonly #stop = new AbortController();
  readonly #seen = new Set<string>();
  readonly #following: Promise<void>[] = [];
  #found = 0;
  #gone: string[] = [];

  constructor(io: Io, reached: Reached, job: Job, { all = false }: { all?: boolean }) {
    this.#io = io;
    this.#reached = reached;
    this.#job = job;
    this.#all = all;
  }

  /** What there is of the worker's log. */
  async print(worker: string): Promise<void> {
    for (const pod of await this.#podsOf(worker)) {
      if (pod.restarted) await this.#copy(pod, { follow: false, previous: true }).catch(() => undefined);
      await this.#copy(pod, { follow: false });
    }
  }

  follow(worker: string): void {
    if (this.#seen.has(worker)) return;
    this.#seen.add(worker);
    const following = this.#podsOf(worker).then(async (pods) => {
      await Promise.all(pods.map((pod) => this.#copy(pod, { follow: true })));
    });
    // Thrown by `end`; until then nobody waits for it.
    following.catch(() => undefined);
    this.#following.push(following);
  }

  /** Waits for the last lines. */
  async end(): Promise<void> {
    const all = Promise.all(this.#following);
    await Promise.race([all, new Promise((resolve) => setTimeout(resolve, lastLinesMs))]);
    this.#stop.abort();
    await all;
  }

  refuseNothing(): void {
    if (this.#found > 0) return;
    if (this.#gone.length > 0) {
      throw new GenwardenError('WorkerLogGone', `No pod is left of ${this.#gone.join(', ')}, which ran the job`);
    }
    writeLine(this.#io.stderr, 'genwarden: no worker has taken a task of the job yet: `explain` says why');
  }

  async #podsOf(worker: string): Promise<readonly WorkerPod[]> {
    const { core, installation } = this.#reached;
    const pods = await podsOfWorker(core, installation.namespace, worker);
    // A worker that was started again runs in the same pod: its log is printed once.
    const fresh = pods.filter(({ namespace, name }) => !this.#seen.has(`${namespace}/${name}`));
    for (const { namespace, name } of fresh) this.#seen.add(`${namespace}/${name}`);
    this.#found += pods.length;
    if (pods.length === 0) {
      this.#gone.push(worker);
      writeLine(this.#io.stderr, `genwarden: the pod of ${worker} is gone, and its log with it`);
    }
    return fresh;
  }

  async #copy({ namespace, name }: WorkerPod, how: { follow: boolean; previous?: boolean }): Promise<void> {
    const since = new Date(Date.parse(this.#job.submittedAt) - skewMs).toISOString();
    const asked = { namespace, pod: name, container: 'worker', since, ...how };
    for await (const line of podLog(this.#reached.config, asked, this.#stop.signal)) {
      if (this.#all || line.includes(this.#job.id)) writeLine(this.#io.stdout, line);
    }
  }
}
