// One installation of real processes with a provider that has a bad day, and the load on it.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sleep } from '../../src/async/sleep.ts';
import { GenwardenClient, type Job, type SubmitRequest } from '../../src/client/index.ts';
import { startNatsServer, type NatsServer } from '../../test/support/natsServer.ts';
import { startProcess, type TestProcess } from '../../test/support/process.ts';
import { tempFolder } from '../../test/support/tempFolder.ts';
import { startStandin } from '../../src/standin/standin.ts';
import { startBadProvider, type BadProvider } from '../../test/support/badProvider/provider.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface SiteOptions {
  /** Default: one key. */
  readonly keys?: readonly string[];
  /** Default 6,000, so that only the case's own limits count. */
  readonly requestsPerMinute?: number;
  readonly workers?: number;
  /** The models of the pool; default: those of the settings. */
  readonly models?: readonly string[];
}

export interface Ends {
  readonly succeeded: number;
  readonly failed: number;
  readonly open: number;
  /** Such as `ProviderUnavailable 10`. */
  readonly codes: string;
  /** When the last of them ended, ms after the first was submitted; 0 if none did. */
  readonly lastEndMs: number;
  readonly jobs: readonly Job[];
}

const program = fileURLToPath(new URL('../../bin/genwarden', import.meta.url));

export class Site implements AsyncDisposable {
  readonly provider: BadProvider;
  readonly workers: TestProcess[] = [];
  readonly #owned: AsyncDisposableStack;
  readonly #env: Env;
  client!: GenwardenClient;
  url = '';

  static async start(options: SiteOptions = {}): Promise<Site> {
    await using owned = new AsyncDisposableStack();
    const nats = owned.use(await startNatsServer());
    const standin = await startStandin();
    owned.defer(() => standin.close());
    standin.behave({ kind: 'image', bytes: 'small', latencyMs: 300 });
    const provider = owned.use(await startBadProvider(standin));
    const folder = owned.use(await tempFolder('bad-day'));
    const file = join(folder.path, 'pools.json');
    await writeFile(file, JSON.stringify({ pools: [poolOf(options)] }), { mode: 0o600 });
    const site = new Site(owned.move(), provider, environment(nats, provider, file));
    try {
      await site.#start('controller', /controller started/);
      for (let made = 0; made < (options.workers ?? 1); made += 1) await site.startWorker();
      const api = await site.#start('api', /API on (http:\S+?)["\s]/);
      site.url = /API on (http:\S+?)["\s]/.exec(api.lines.join('\n'))![1]!;
      site.client = new GenwardenClient({ url: site.url });
      return site;
    } catch (error) {
      await site[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(owned: AsyncDisposableStack, provider: BadProvider, env: Env) {
    this.#owned = owned;
    this.#env = env;
    this.provider = provider;
  }

  async startWorker(): Promise<void> {
    this.workers.push(await this.#start('worker', /worker started/));
  }

  async submit(count: number, over: Partial<SubmitRequest> = {}): Promise<string[]> {
    const ids: string[] = [];
    for (let made = 0; made < count; made += 1) {
      const input = { prompt: `a yard, ${String(made)}` };
      ids.push((await this.client.submit({ kind: 'image', input, ...over })).id);
    }
    return ids;
  }

  /** Waits until all jobs have ended, or for so many ms. */
  async ends(ids: readonly string[], withinMs: number): Promise<Ends> {
    const giveUpAt = performance.now() + withinMs;
    for (;;) {
      const jobs = await Promise.all(ids.map((id) => this.client.get(id)));
      const open = jobs.filter(({ finishedAt }) => finishedAt === null).length;
      if (open === 0 || performance.now() >= giveUpAt) return endsOf(jobs, open);
      await sleep(250);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  async #start(name: string, readyWhen: RegExp): Promise<TestProcess> {
    const started = await startProcess(program, [name], { env: this.#env, readyWhen, timeoutMs: 60_000 });
    this.#owned.defer(async () => {
      started.kill('SIGKILL');
      await started.exited;
    });
    return started;
  }
}

function endsOf(jobs: readonly Job[], open: number): Ends {
  const codes = new Map<string, number>();
  const tasks = jobs.flatMap((job) => job.tasks ?? []);
  for (const { error } of tasks) {
    if (error !== null) codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
  }
  const first = Math.min(...jobs.map(({ submittedAt }) => Date.parse(submittedAt)));
  const last = jobs.map(({ finishedAt }) => (finishedAt === null ? first : Date.parse(finishedAt)));
  return {
    succeeded: jobs.filter(({ state }) => state === 'succeeded').length,
    failed: jobs.filter(({ state }) => state === 'failed').length,
    open,
    codes: [...codes].map(([code, count]) => `${code} ${String(count)}`).join(', '),
    lastEndMs: Math.max(...last) - first,
    jobs,
  };
}

function poolOf({ keys = ['AIza-bench-key-one'], requestsPerMinute = 6_000, models }: SiteOptions): object {
  return {
    name: 'default',
    keys: keys.map((key) => ({ key, requestsPerMinute })),
    ...(models === undefined ? {} : { models }),
  };
}

function environment(nats: NatsServer, provider: BadProvider, poolsFile: string): Env {
  return {
    GENWARDEN_NATS_SERVER: undefined,
    GENWARDEN_NATS_URL: nats.url,
    GENWARDEN_HTTP_PORT: '0',
    GENWARDEN_METRICS_PORT: '0',
    GENWARDEN_POOLS_FILE: poolsFile,
    GENWARDEN_GEMINI_BASE_URL: provider.url,
    GENWARDEN_LOG_FORMAT: 'json',
  };
}
