// A real Prometheus for one test or run, which scrapes the processes of an installation, and promtool.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './freePorts.ts';
import { startProcess, type TestProcess } from './process.ts';
import { prometheusQueries, type Labels, type PrometheusQueries } from './prometheusQueries.ts';
import { tempFolder } from './tempFolder.ts';
import { until } from './until.ts';

const folder = join(homedir(), '.cache/genwarden/prometheus-3.16.0');

export interface Target {
  readonly job: string;
  /** `http://host:port`, or the URL of its metrics. */
  readonly url: string;
  /** Of every series, such as `namespace` and `pod` in Kubernetes. */
  readonly labels?: Labels;
}

export interface PrometheusOptions {
  readonly targets: readonly Target[];
  /** Absolute paths. */
  readonly ruleFiles?: readonly string[];
  /** Also how long a scrape may take. Default `1s`. */
  readonly scrapeInterval?: string;
  /** Of rules; default `1s`. */
  readonly evaluationInterval?: string;
}

export interface Prometheus extends PrometheusQueries, AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Scrapes these targets from now on; those that it scraped before stay if they are among them. */
  setTargets(targets: readonly Target[]): Promise<void>;
}

/** Resolves when it answers. The owner disposes it, or the end of the test process does. */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  checkInstalled();
  await using owned = new AsyncDisposableStack();
  const data = owned.use(await tempFolder('prometheus'));
  const config = join(data.path, 'prometheus.yaml');
  await writeFile(config, configuration(options));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  owned.use(await launch(config, data.path, port));
  await until(async () => (await fetch(`${url}/-/ready`)).ok, { what: 'Prometheus', timeoutMs: 60_000 });
  const setTargets = async (targets: readonly Target[]): Promise<void> => {
    await writeFile(`${config}.new`, configuration({ ...options, targets }));
    await rename(`${config}.new`, config);
    const response = await fetch(`${url}/-/reload`, { method: 'POST' });
    if (!response.ok) throw new Error(`Prometheus refuses its configuration: ${await response.text()}`);
    await knows(url, targets);
  };
  await knows(url, options.targets);
  const owner = owned.move();
  return { url, port, setTargets, ...prometheusQueries(url), [Symbol.asyncDispose]: () => owner.disposeAsync() };
}

/** It takes them over from its configuration a moment later. */
async function knows(url: string, targets: readonly Target[]): Promise<void> {
  const wanted = targets.map((target) => new URL(target.url).host).toSorted();
  const known = async (): Promise<string[]> =>
    (await prometheusQueries(url).targets()).map(({ scrapeUrl }) => new URL(scrapeUrl).host).toSorted();
  await until(async () => String(await known()) === String(wanted), {
    what: 'the targets of Prometheus',
    timeoutMs: 60_000,
  });
}

export interface Promtool {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** For example `promtool(['check', 'rules', path])`. It does not throw if promtool finds a fault. */
export function promtool(args: readonly string[]): Promise<Promtool> {
  checkInstalled();
  return new Promise((resolve, reject) => {
    execFile(join(folder, 'promtool'), [...args], { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
      else reject(new Error('promtool cannot be started', { cause: error }));
    });
  });
}

function checkInstalled(): void {
  if (!existsSync(join(folder, 'promtool'))) throw new Error('the tests need Prometheus: run `make prometheus-server`');
}

function launch(config: string, data: string, port: number): Promise<TestProcess> {
  return startProcess(
    join(folder, 'prometheus'),
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(data, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-lifecycle',
      '--enable-feature=exemplar-storage',
      // Not documented: how soon a change of the targets takes effect. Default 5s.
      '--scrape.discovery-reload-interval=100ms',
    ],
    { readyWhen: /Server is ready to receive web requests/, timeoutMs: 60_000, outlivesTest: true },
  );
}

/** JSON, which is YAML too. */
function configuration({
  targets,
  ruleFiles = [],
  scrapeInterval = '1s',
  evaluationInterval = '1s',
}: PrometheusOptions): string {
  const jobs = Map.groupBy(targets, ({ job }) => job);
  return JSON.stringify({
    global: {
      scrape_interval: scrapeInterval,
      scrape_timeout: scrapeInterval,
      evaluation_interval: evaluationInterval,
    },
    rule_files: ruleFiles,
    scrape_configs: [...jobs].map(([name, members]) => ({
      job_name: name,
      static_configs: members.map(({ url, labels = {} }) => ({ targets: [new URL(url).host], labels })),
    })),
  });
}
