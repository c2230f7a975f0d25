// `kubectl genwarden logs JOB`: prints the logs of the workers that run or ran a job.

import type { Command } from 'commander';
import { sleep } from '../../async/sleep.ts';
import type { GenwardenClient, Job } from '../../client/index.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { jobArgument } from '../client/ids.ts';
import { clientCommand, withJob } from '../client/session.ts';
import { writeLine, type Io } from '../output/io.ts';
import { clusterError } from './clusterError.ts';
import { reachInstallation, type ReachedInstallation } from './connect.ts';
import type { PluginFlags } from './flags.ts';
import { podsOfWorker, type WorkerPod } from './pods.ts';

interface LogsOptions extends PluginFlags {
  readonly follow?: true;
  readonly all?: true;
}

export function addLogs(program: Command, io: Io): void {
  clientCommand(program, 'logs', 'Print the logs of the workers that run or ran a job')
    .addArgument(jobArgument())
    .option('-f, --follow', 'keep printing until the job has finished')
    .option('--all', 'print every line of these workers, not only the lines about the job')
    .action(
      withJob(io, async (client, id: string, options: LogsOptions) => {
        const job = await client.get(id);
        const reached = await reachInstallation(options);
        try {
          const printer = new WorkerLogs(io, reached, job, options);
          if (options.follow === true && job.finishedAt === null) await followLogs(client, printer, job.id);
          else await printLogs(client, printer, job.id);
        } finally {
          reached.client.close();
        }
      }),
    );
}

/** Throws `WorkerLogGone` when the job has run but none of its logs are left. */
async function printLogs(client: GenwardenClient, printer: WorkerLogs, id: string): Promise<void> {
  for (const worker of await workersOf(client, id)) await printer.print(worker);
  printer.reportIfEmpty();
}

/** Follows each worker from its first task of the job until the job has finished. */
async function followLogs(client: GenwardenClient, printer: WorkerLogs, id: string): Promise<void> {
  for (const worker of await workersOf(client, id)) printer.follow(worker);
  for await (const event of client.events(id)) {
    if (event.event === 'task' && event.data.worker !== null) printer.follow(event.data.worker);
  }
  await printer.end();
}

/** In the order in which they claimed tasks of the job. */
async function workersOf(client: GenwardenClient, id: string): Promise<ReadonlySet<string>> {
  const history = (await client.history(id)).toSorted((a, b) => a.sequence - b.sequence);
  return new Set(history.flatMap(({ worker }) => worker ?? []));
}

/** How long to wait for log lines after the job's last event, ms: workers write their last lines about a job later. */
const lastLinesMs = 1_500;
/** By how much the clocks of nodes may differ, ms. */
const maxSkewMs = 60_000;

class WorkerLogs {
  readonly #io: Io;
  readonly #reached: ReachedInstallation;
  readonly #job: Job;
  readonly #all: boolean;
  readonly #stop = new AbortController();
  /** Workers and pods whose logs have been started, so that none is printed twice. */
  readonly #started = new Set<string>();
  readonly #following: Promise<void>[] = [];
  #podCount = 0;
  readonly #workersWithoutPod: string[] = [];

  constructor(io: Io, reached: ReachedInstallation, job: Job, { all = false }: { all?: boolean }) {
    this.#io = io;
    this.#reached = reached;
    this.#job = job;
    this.#all = all;
  }

  async print(worker: string): Promise<void> {
    for (const pod of await this.#podsOf(worker)) {
      if (pod.restarted) await this.#copy(pod, { follow: false, previous: true }).catch(() => undefined);
      await this.#copy(pod, { follow: false });
    }
  }

  follow(worker: string): void {
    if (this.#started.has(worker)) return;
    this.#started.add(worker);
    const following = this.#podsOf(worker).then(async (pods) => {
      await Promise.all(pods.map((pod) => this.#copy(pod, { follow: true })));
    });
    // `end` throws the failure; until then nothing awaits this promise.
    following.catch(() => undefined);
    this.#following.push(following);
  }

  /** Waits for the last lines. */
  async end(): Promise<void> {
    const all = Promise.all(this.#following);
    await Promise.race([all, sleep(lastLinesMs)]);
    this.#stop.abort();
    await all;
  }

  reportIfEmpty(): void {
    if (this.#podCount > 0) return;
    if (this.#workersWithoutPod.length > 0) {
      const message = `The pods of ${this.#workersWithoutPod.join(', ')}, which ran the job, no longer exist`;
      throw new GenwardenError('WorkerLogGone', message);
    }
    writeLine(this.#io.stderr, 'genwarden: no worker has claimed a task of the job yet; use `explain` to see why');
  }

  async #podsOf(worker: string): Promise<readonly WorkerPod[]> {
    const { client, installation } = this.#reached;
    const pods = await podsOfWorker(client, installation.namespace, worker);
    // A restarted worker has a new name but the same pod.
    const fresh = pods.filter(({ namespace, name }) => !this.#started.has(`${namespace}/${name}`));
    for (const { namespace, name } of fresh) this.#started.add(`${namespace}/${name}`);
    this.#podCount += pods.length;
    if (pods.length === 0) {
      this.#workersWithoutPod.push(worker);
      writeLine(this.#io.stderr, `genwarden: the pod of ${worker} no longer exists, so its log is lost`);
    }
    return fresh;
  }

  async #copy({ namespace, name }: WorkerPod, how: { follow: boolean; previous?: boolean }): Promise<void> {
    const since = new Date(Date.parse(this.#job.submittedAt) - maxSkewMs).toISOString();
    const request = { namespace, name, container: 'worker', since, ...how };
    try {
      for await (const line of this.#reached.client.log(request, this.#stop.signal)) {
        if (this.#all || line.includes(this.#job.id)) writeLine(this.#io.stdout, line);
      }
    } catch (error) {
      throw clusterError(error, `read the log of pod ${namespace}/${name}`);
    }
  }
}
