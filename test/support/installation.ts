// A whole installation for one test: a real nats-server, the stand-in, and Genwarden's processes as real processes.

import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { GenwardenClient, type SubmitRequest } from '../../src/client/index.ts';
import { startStandin, type Standin } from '../../src/standin/standin.ts';
import { startNatsServer, type NatsServer } from './natsServer.ts';
import { startProcess, type TestProcess } from './process.ts';
import { until } from './until.ts';

const program = fileURLToPath(new URL('../../bin/genwarden', import.meta.url));

export interface Installation {
  readonly nats: NatsServer;
  readonly standin: Standin;
  readonly client: GenwardenClient;
  readonly url: string;
  /** Starts a process of the installation, of this build or another, and waits for its line that it has started. */
  start(name: ProcessName, env?: Env, program?: string): Promise<TestProcess>;
}

export type ProcessName = 'api' | 'worker' | 'controller';
export type Env = Record<string, string | undefined>;

export interface InstallationOptions {
  /** For every process. */
  readonly env?: Env;
  readonly standinLatencyMs?: number;
  readonly systemAccount?: boolean;
  /** A server that runs already and that the caller owns; `env` may name more of its cluster. */
  readonly nats?: NatsServer;
  /** Started with the installation; default one of each. */
  readonly processes?: readonly ProcessName[];
}

const readyLines = { api: /API on (http:\S+?)["\s]/, worker: /worker started/, controller: /controller started/ };

/** Everything ends with the test. */
export async function startInstallation(options: InstallationOptions = {}): Promise<Installation> {
  const nats = options.nats ?? (await startNatsServer({ systemAccount: options.systemAccount ?? false }));
  if (options.nats === undefined) onTestFinished(() => nats.stop());
  const standin = await startStandin({ latencyMs: options.standinLatencyMs ?? 0 });
  onTestFinished(() => standin.close());
  const env = { ...baseEnv(nats, standin), ...options.env };
  const start: Installation['start'] = (name, more = {}, build = program) =>
    startProcess(build, [name], { env: { ...env, ...more }, readyWhen: readyLines[name], timeoutMs: 30_000 });
  let url = '';
  for (const name of options.processes ?? ['controller', 'worker', 'api']) {
    const started = await start(name);
    if (name === 'api') url = readyLines.api.exec(started.lines.join('\n'))![1]!;
  }
  // Without an API, the caller starts one later and has its own client.
  const client = new GenwardenClient({ url: url === '' ? 'http://127.0.0.1:8080' : url });
  return { nats, standin, url, client, start };
}

/** An installation whose pool is declared, and whose only worker has stopped. */
export async function startWithoutWorkers(): Promise<Installation> {
  const installation = await startInstallation({
    processes: ['controller', 'api'],
    env: { GENWARDEN_HEARTBEAT_TIMEOUT: '2s' },
  });
  const { client, start } = installation;
  // It declares the pool.
  await (await start('worker')).stop();
  const gone = async (): Promise<boolean> => (await client.workers()).every(({ state }) => state === 'stopped');
  await until(gone, { what: 'the worker to be gone', timeoutMs: 20_000 });
  return installation;
}

function baseEnv(nats: NatsServer, standin: Standin): Env {
  return {
    GENWARDEN_NATS_SERVER: undefined,
    GENWARDEN_NATS_URL: nats.url,
    GENWARDEN_HTTP_PORT: '0',
    GENWARDEN_METRICS_PORT: '0',
    GENWARDEN_GEMINI_API_KEYS: 'test-key-one',
    GENWARDEN_GEMINI_BASE_URL: standin.url,
    GENWARDEN_GEMINI_REQUESTS_PER_MINUTE: '60000',
    GENWARDEN_LOG_FORMAT: 'json',
    ...(nats.systemUser === undefined
      ? {}
      : { GENWARDEN_NATS_SYSTEM_USER: nats.systemUser.user, GENWARDEN_NATS_SYSTEM_PASSWORD: nats.systemUser.password }),
  };
}

/** A submit of one image; `over` adds fields. */
export function anImage(prompt: string, over: Partial<SubmitRequest> = {}): SubmitRequest {
  return { kind: 'image', input: { prompt }, ...over };
}
