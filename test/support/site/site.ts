// One installation of real processes for a test file, a run of tests, a script or a measurement: a nats-server, the stand-in, and
// Genwarden with the pools of a pools file. Its owner disposes it, not a single test.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GenwardenClient } from '../../../src/client/index.ts';
import { startStandin, type Standin } from '../../../src/standin/standin.ts';
import { freePort } from '../freePorts.ts';
import { startNatsServer, type NatsServer } from '../natsServer.ts';
import { startProcess, type TestProcess } from '../process.ts';
import type { Target } from '../prometheus.ts';
import { tempFolder } from '../tempFolder.ts';
import { TokensFile, type Scope } from './tokensFile.ts';

type Env = Readonly<Record<string, string | undefined>>;
type ProcessName = 'api' | 'worker' | 'controller' | 'operator';

/** A pool of the pools file. */
export interface SitePool {
  readonly name: string;
  readonly models?: { readonly image: readonly string[]; readonly text: readonly string[] };
  readonly keys?: readonly { readonly key: string; readonly requestsPerMinute?: number }[];
  readonly [field: string]: unknown;
}

export interface SiteOptions {
  /** Default: one pool, `default`, without a limit that a test would meet. */
  readonly pools?: readonly SitePool[];
  /** The pools whose worker is stopped after it has declared them. */
  readonly unserved?: readonly string[];
  /** For every process. */
  readonly env?: Env;
  /** The names of tokens and what they may do; without them there is no authentication. */
  readonly tokens?: Readonly<Record<string, readonly Scope[]>>;
}

const manyRequests = 60_000;

const program = fileURLToPath(new URL('../../../bin/genwarden', import.meta.url));
const readyLines = {
  api: /API on http/,
  worker: /worker started/,
  controller: /controller started/,
  operator: /operator started/,
};

export class Site implements AsyncDisposable {
  readonly nats: NatsServer;
  readonly standin: Standin;
  /** Stays the same when the API starts again. */
  readonly url: string;
  readonly client: GenwardenClient;
  /** The secret of each token, by its name. */
  readonly tokens: Readonly<Record<string, string>>;
  readonly #owned: AsyncDisposableStack;
  readonly #env: Env;
  readonly #tokens: TokensFile | undefined;
  api!: TestProcess;
  controller!: TestProcess;
  /** By pool: the worker that was started last. */
  readonly workers = new Map<string, TestProcess>();
  /** Those that run, oldest first. */
  readonly #running = new Map<TestProcess, Target>();
  #started = 0;

  static async start(options: SiteOptions = {}): Promise<Site> {
    const { pools = [{ name: 'default', keys: [{ key: 'AIza-one', requestsPerMinute: manyRequests }] }] } = options;
    await using owned = new AsyncDisposableStack();
    const nats = owned.use(await startNatsServer());
    const standin = await startStandin();
    owned.defer(() => standin.close());
    const folder = owned.use(await tempFolder('console'));
    const poolsFile = join(folder.path, 'pools.json');
    await writeFile(poolsFile, JSON.stringify({ pools }), { mode: 0o600 });
    const tokens = options.tokens === undefined ? undefined : await TokensFile.write(folder.path, options.tokens);
    const port = await freePort();
    const env: Env = {
      GENWARDEN_NATS_SERVER: undefined,
      GENWARDEN_NATS_URL: nats.url,
      GENWARDEN_HTTP_PORT: String(port),
      GENWARDEN_METRICS_PORT: '0',
      GENWARDEN_POOLS_FILE: poolsFile,
      GENWARDEN_GEMINI_BASE_URL: standin.url,
      GENWARDEN_LOG_FORMAT: 'json',
      ...(tokens === undefined ? {} : { GENWARDEN_AUTH_TOKENS_FILE: tokens.path }),
      ...options.env,
    };
    const site = new Site(owned.move(), { nats, standin }, env, `http://127.0.0.1:${port}`, tokens);
    try {
      await site.#startAll(
        pools.map(({ name }) => name),
        options.unserved ?? [],
      );
      return site;
    } catch (error) {
      await site[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(
    owned: AsyncDisposableStack,
    { nats, standin }: Pick<Site, 'nats' | 'standin'>,
    env: Env,
    url: string,
    tokens: TokensFile | undefined,
  ) {
    this.#owned = owned;
    this.#env = env;
    this.#tokens = tokens;
    this.nats = nats;
    this.standin = standin;
    this.url = url;
    this.tokens = tokens?.secrets ?? {};
    const token = this.tokens['admin'];
    this.client = new GenwardenClient({ url, ...(token === undefined ? {} : { token }) });
  }

  async startApi(env: Env = {}): Promise<void> {
    this.api = await this.start('api', env);
  }

  async startWorker(pool: string, env: Env = {}): Promise<TestProcess> {
    const worker = await this.start('worker', { GENWARDEN_POOL: pool, ...env });
    this.workers.set(pool, worker);
    return worker;
  }

  /** Resolves when the process has started. It ends with the site. */
  async start(name: ProcessName, env: Env = {}): Promise<TestProcess> {
    const options = {
      env: { ...this.#env, ...env },
      readyWhen: readyLines[name],
      timeoutMs: 60_000,
      outlivesTest: true,
    };
    const started = await startProcess(program, [name], options);
    this.#owned.defer(async () => {
      started.kill('SIGKILL');
      await started.exited;
    });
    this.#scrape(started, [name, options.env['GENWARDEN_POOL']]);
    return started;
  }

  /** For a Prometheus: the processes that run, each as a pod of the namespace `genwarden`. */
  targets(): Target[] {
    return [...this.#running.values()];
  }

  /** The process that is this pod in `targets`. */
  processOf(pod: string): TestProcess {
    return [...this.#running].find(([, { labels }]) => labels!['pod'] === pod)![0];
  }

  async killApi(): Promise<void> {
    this.api.kill('SIGKILL');
    await this.api.exited;
  }

  /** The API refuses the token within two seconds. */
  async revoke(token: string): Promise<void> {
    await this.#tokens?.revoke(token);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  #scrape(started: TestProcess, name: readonly (string | undefined)[]): void {
    const [url] = started.lines.flatMap((line) => /metrics on (http:[^"\s]+)\/metrics/.exec(line)?.[1] ?? []);
    this.#started += 1;
    const pod = [...name.filter((part) => part !== undefined), this.#started].join('-');
    this.#running.set(started, { job: 'genwarden', url: url!, labels: { namespace: 'genwarden', pod } });
    void started.exited.then(() => this.#running.delete(started));
  }

  async #startAll(pools: readonly string[], unserved: readonly string[]): Promise<void> {
    this.controller = await this.start('controller');
    await Promise.all([this.startApi(), ...pools.map((pool) => this.startWorker(pool))]);
    await Promise.all(unserved.map((pool) => this.workers.get(pool)!.stop()));
  }
}
