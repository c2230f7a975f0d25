// An installation of real processes for faults: nats-server, the stand-in, two controllers, an API, workers, and an observer
// of the stream that no fault touches.

import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { connectNats, natsClock, natsJobLog } from '../../src/adapters/nats/index.ts';
import { GenwardenClient } from '../../src/client/index.ts';
import { startFollower } from '../../src/readmodel/follower.ts';
import { startNatsServer, type NatsServer } from '../../test/support/natsServer.ts';
import { startProcess, type TestProcess } from '../../test/support/process.ts';
import { until } from '../../test/support/until.ts';
import { startLoad, type Load } from './load.ts';
import { Record, type Harm } from './record.ts';

/** What is published and put into images: the built program, with the flags that `bin/genwarden` gives it. */
const built = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const standinProgram = fileURLToPath(new URL('../../src/standin/main.ts', import.meta.url));

export const slotsPerWorker = 4;

export interface FleetWorker {
  /** As its heartbeats and the stream say it. */
  readonly name: string;
  readonly process: TestProcess;
}

export interface FleetOptions {
  /** Controllers receive the system account's events of closed connections: the fast path. */
  readonly systemAccount: boolean;
  readonly workers: number;
  /** For the workers only. */
  readonly workerEnv?: Env;
}

type Env = { readonly [name: string]: string | undefined };

const readyLines = { api: /API on (http:\S+?)["\s]/, worker: /worker started/, controller: /controller started/ };

export class Fleet implements AsyncDisposable {
  readonly record = new Record();
  readonly nats: NatsServer;
  readonly workers: FleetWorker[] = [];
  readonly controllers: TestProcess[] = [];
  client!: GenwardenClient;
  readonly #owned: AsyncDisposableStack;
  readonly #workerEnv: Env;
  readonly #loads: Load[] = [];
  readonly #everyController: TestProcess[] = [];
  #env: Env = {};

  static async start(options: FleetOptions): Promise<Fleet> {
    const owned = new AsyncDisposableStack();
    try {
      const nats = owned.use(await startNatsServer({ systemAccount: options.systemAccount }));
      const fleet = new Fleet(owned, nats, options);
      await fleet.#populate(options.workers);
      return fleet;
    } catch (error) {
      await owned.disposeAsync();
      throw error;
    }
  }

  private constructor(owned: AsyncDisposableStack, nats: NatsServer, { workerEnv = {} }: FleetOptions) {
    this.#owned = owned;
    this.nats = nats;
    this.#workerEnv = workerEnv;
  }

  async startWorker(): Promise<FleetWorker> {
    const process = await this.#start('worker', this.#workerEnv);
    const line = process.lines.find((one) => readyLines.worker.test(one))!;
    const worker = { name: (JSON.parse(line) as { worker: string }).worker, process };
    this.workers.push(worker);
    return worker;
  }

  async startController(): Promise<TestProcess> {
    const controller = await this.#start('controller');
    this.controllers.push(controller);
    this.#everyController.push(controller);
    return controller;
  }

  /** Kills the process and removes it from the fleet. Returns the moment of the kill, ms since 1970. */
  kill(one: FleetWorker | TestProcess): number {
    const process = 'process' in one ? one.process : one;
    forget(this.workers, one as FleetWorker);
    forget(this.controllers, one as TestProcess);
    const at = Date.now();
    process.kill('SIGKILL');
    return at;
  }

  /** From now on so many tasks are open at any time. */
  load(open: number): Load {
    const load = startLoad(this.client, this.record, open);
    this.#loads.push(load);
    return load;
  }

  /** Why controllers did not trust silence for a while, such as `writeFailed`; recovery then takes longer by design. */
  outages(): string[] {
    const lines = this.#everyController.flatMap((controller) => controller.lines);
    return lines.flatMap((line) => /"cause":"(\w+)".*Outage/.exec(line)?.[1] ?? []);
  }

  /** Stops the load, waits until every acknowledged task is terminal, and counts broken promises. */
  async settle(): Promise<Harm> {
    await Promise.all(this.#loads.map((load) => load.stop()));
    const jobs = this.#loads.flatMap((load) => load.jobs);
    const allEnded = (): boolean => this.record.harm(jobs).lost === 0;
    await until(allEnded, { what: 'all tasks to end', timeoutMs: 30_000 }).catch(() => undefined);
    return this.record.harm(jobs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#loads.map((load) => load.stop()));
    await this.#owned.disposeAsync();
  }

  async #populate(workers: number): Promise<void> {
    const standin = await startProcess(process.execPath, [standinProgram], { readyWhen: /http:/ });
    this.#own(standin);
    this.#env = environment(this.nats, /http:\S+/.exec(standin.lines.join(' '))![0]);
    const first = await this.startController();
    await first.waitForLine(leads);
    const [api] = await Promise.all([this.#start('api'), this.startController()]);
    const url = readyLines.api.exec(api.lines.join('\n'))![1]!;
    this.client = new GenwardenClient({ url });
    for (let index = 0; index < workers; index += 1) await this.startWorker();
    await until(async () => (await fetch(`${url}/readyz`)).status === 200, { what: 'the api', timeoutMs: 30_000 });
    await this.#observe();
  }

  async #observe(): Promise<void> {
    const logger = pino({ level: 'silent' });
    const settings = { urls: [this.nats.url], prefix: 'genwarden', name: 'observer' };
    const link = await connectNats(settings, { signal: AbortSignal.timeout(20_000), log: logger });
    this.#owned.defer(() => link.close());
    const clock = await natsClock(link);
    const log = await natsJobLog(link, { retentionMs: 7 * 86_400_000, now: clock.now });
    const follower = startFollower({ log, clock, logger });
    this.#owned.defer(() => follower.close());
    follower.onEvent((event) => this.record.take(event));
    await until(() => follower.ready().ready, { what: 'the observer to follow the stream' });
  }

  async #start(name: keyof typeof readyLines, more: Env = {}): Promise<TestProcess> {
    const started = await startProcess(process.execPath, ['--max-semi-space-size=4', built, name], {
      env: { ...this.#env, ...more },
      readyWhen: readyLines[name],
      timeoutMs: 60_000,
    });
    return this.#own(started);
  }

  /** All of them end at once in the end: nothing is left to hand over. */
  #own(started: TestProcess): TestProcess {
    this.#owned.defer(async () => {
      started.kill('SIGKILL');
      await started.exited;
    });
    return started;
  }
}

export const leads = /"Became leader"/;

function forget<T>(list: T[], one: T): void {
  const at = list.indexOf(one);
  if (at !== -1) list.splice(at, 1);
}

function environment(nats: NatsServer, provider: string): Env {
  return {
    GENWARDEN_NATS_URL: nats.url,
    GENWARDEN_NATS_SYSTEM_USER: nats.systemUser?.user,
    GENWARDEN_NATS_SYSTEM_PASSWORD: nats.systemUser?.password,
    GENWARDEN_HTTP_PORT: '0',
    GENWARDEN_METRICS_PORT: '0',
    GENWARDEN_CONCURRENCY: String(slotsPerWorker),
    GENWARDEN_GEMINI_API_KEYS: 'bench',
    GENWARDEN_GEMINI_BASE_URL: provider,
    GENWARDEN_GEMINI_REQUESTS_PER_MINUTE: '60000',
    GENWARDEN_LOG_FORMAT: 'json',
  };
}
