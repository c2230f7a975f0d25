// Faults of real processes become alerts in a real Prometheus and resolve when the fault ends. The rules are the generated ones,
// except that a `for` of more than a minute is shortened to 15 s.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { RuleGroup } from '../../hack/rules/form.ts';
import { startPrometheus, type Prometheus } from '../support/prometheus.ts';
import { Site } from '../support/site/site.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { until } from '../support/until.ts';
import { root } from '../tidy/repository.ts';

const patience = { timeoutMs: 240_000, intervalMs: 250 };
const keptUpTo = 60;
const shortened = '15s';

test('no leader, overdue tasks, a queue without workers, an outage: injected, pending, firing, resolved', async () => {
  await using folder = await tempFolder('rules');
  const rules = join(folder.path, 'genwarden.rules.yaml');
  const fors = await writeShortened(rules);
  await using site = await Site.start({ pools, unserved: ['nightly'] });
  const controllers = [site.controller, await site.start('controller')];
  await using prometheus = await startPrometheus({ targets: site.targets(), ruleFiles: [rules] });
  await prometheus.scraped();
  await until(async () => (await prometheus.total('leader_election_master_status{name="controller"}')) === 1, {
    what: 'a leader in Prometheus',
    ...patience,
  });
  const evaluated = async (): Promise<boolean> =>
    (await prometheus.rules()).every(({ rules: all }) => all.every(({ health }) => health === 'ok'));
  await until(evaluated, { what: 'an evaluation of each rule', ...patience });
  await until(async () => (await prometheus.alerts()).length === 0, { what: 'good health', ...patience });
  const timeline = new Timeline(prometheus);

  // Faults that a running controller sees.
  site.standin.behaveForModel(broken, { kind: 'status', status: 503 });
  timeline.inject('GenwardenProviderOutage', 'the provider answers 503');
  const waiting = await site.client.submit(image('photos', 'a greenhouse'));
  timeline.inject('GenwardenQueueWithoutWorkers', 'a job for a pool without workers');
  const queued = await site.client.submit(image('nightly', 'a pond'));
  await timeline.fires('GenwardenProviderOutage', 'GenwardenQueueWithoutWorkers');
  timeline.end('GenwardenProviderOutage', 'the provider answers again');
  site.standin.behaveForModel(broken, undefined);
  timeline.end('GenwardenQueueWithoutWorkers', 'a worker starts');
  await site.startWorker('nightly');
  await prometheus.setTargets(site.targets());
  await Promise.all([waiting, queued].map(({ id }) => site.client.wait(id)));
  await timeline.resolves('GenwardenProviderOutage', 'GenwardenQueueWithoutWorkers');

  // Faults that a running controller would recover from.
  const hanging = await site.client.submit({ ...image('default', 'a wall [standin: hang]'), policy: soonDue });
  await until(async () => (await site.client.get(hanging.id)).state === 'running', { what: 'the task', ...patience });
  const worker = site.workers.get('default')!;
  for (const each of [...controllers, worker]) each.kill('SIGKILL');
  timeline.inject('GenwardenNoLeader', 'all controllers are killed');
  timeline.inject('GenwardenTasksOverdue', 'and the worker of a running task');
  await Promise.all([...controllers, worker].map(({ exited }) => exited));
  await timeline.fires('GenwardenNoLeader', 'GenwardenTasksOverdue');
  timeline.end('GenwardenNoLeader', 'a controller starts');
  timeline.end('GenwardenTasksOverdue', 'a controller starts');
  await site.start('controller');
  await prometheus.setTargets(site.targets());
  await timeline.resolves('GenwardenNoLeader', 'GenwardenTasksOverdue');

  console.log(await timeline.print(fors));
  expect(await timeline.alertsThatFired()).toEqual([
    'GenwardenNoLeader',
    'GenwardenProviderOutage',
    'GenwardenQueueWithoutWorkers',
    'GenwardenTasksOverdue',
  ]);
}, 600_000);

const broken = 'gemini-3-pro-image';
const quick = 'gemini-3.1-flash-image';
const key = (name: string) => [{ key: `AIza-${name}`, requestsPerMinute: 60_000 }];
const models = (name: string) => ({ image: [name], text: [] });
const pools = [
  { name: 'default', models: models(quick), keys: key('default') },
  { name: 'photos', models: models(broken), keys: key('photos') },
  { name: 'nightly', models: models(quick), keys: key('nightly') },
];

const image = (pool: string, prompt: string) => ({ kind: 'image', pool, input: { prompt } }) as const;
const soonDue = { attemptTimeout: '5s', runTimeout: '10s', maxAttempts: 1 };

/** Writes the rules with shorter times, and returns how long each alert has to hold in them, as printed. */
async function writeShortened(path: string): Promise<ReadonlyMap<string, string>> {
  const { groups } = parse(await readFile(`${root}/prometheus/genwarden.rules.yaml`, 'utf8')) as {
    groups: RuleGroup[];
  };
  const fors = new Map<string, string>();
  const short = groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) => {
      if (rule.alert === undefined || rule.for === undefined) return rule;
      const isShort = Number.parseInt(rule.for) * 60 > keptUpTo;
      fors.set(rule.alert, isShort ? `${shortened}, shortened from ${rule.for}` : rule.for);
      // The twins keep theirs: what they look for is never long absent.
      return isShort && rule.alert !== 'GenwardenMetricAbsent' ? { ...rule, for: shortened } : rule;
    }),
  }));
  await writeFile(path, stringify({ groups: short }));
  return fors;
}

interface Fault {
  readonly what: string;
  readonly injected: number;
  end?: { readonly what: string; readonly at: number };
}

/** What Prometheus stored about alerts, beside the times of the faults. */
class Timeline {
  readonly #prometheus: Prometheus;
  readonly #faults = new Map<string, Fault>();

  constructor(prometheus: Prometheus) {
    this.#prometheus = prometheus;
  }

  inject(alert: string, what: string): void {
    this.#faults.set(alert, { what, injected: Date.now() / 1000 });
  }

  end(alert: string, what: string): void {
    this.#faults.get(alert)!.end = { what, at: Date.now() / 1000 };
  }

  async fires(...alerts: readonly string[]): Promise<void> {
    for (const alert of alerts)
      await until(async () => (await this.#states(alert)).includes('firing'), {
        what: `${alert} to fire`,
        ...patience,
      });
  }

  async resolves(...alerts: readonly string[]): Promise<void> {
    for (const alert of alerts)
      await until(async () => (await this.#states(alert)).length === 0, { what: `${alert} to resolve`, ...patience });
  }

  async alertsThatFired(): Promise<string[]> {
    const series = await this.#prometheus.samples('ALERTS{alertstate="firing"}');
    return [...new Set(series.map(({ labels }) => labels['alertname']!))].toSorted();
  }

  /** Seconds since the fault. */
  async print(fors: ReadonlyMap<string, string>): Promise<string> {
    const blocks = [...this.#faults].map(async ([alert, { what, injected, end }]) => {
      const [pending, firing] = await Promise.all(['pending', 'firing'].map((state) => this.#times(alert, state)));
      const rows: [number, string][] = [
        [injected, `injected  ${what}`],
        [pending!.at(0)!, 'pending'],
        [firing!.at(0)!, 'firing'],
        [end!.at, `ended     ${end!.what}`],
        [firing!.at(-1)! + 1, 'resolved'],
      ];
      const lines = rows.map(([at, line]) => `  ${(at - injected).toFixed(1).padStart(6)} s  ${line}`);
      return `${alert} (for: ${fors.get(alert)})\n${lines.join('\n')}`;
    });
    return (await Promise.all(blocks)).join('\n');
  }

  async #states(alert: string): Promise<string[]> {
    const alerts = await this.#prometheus.alerts();
    return alerts.filter(({ labels }) => labels['alertname'] === alert).map(({ state }) => state);
  }

  async #times(alert: string, state: string): Promise<number[]> {
    const series = await this.#prometheus.samples(`ALERTS{alertname="${alert}",alertstate="${state}"}`);
    return series.flatMap(({ points }) => points.map(({ time }) => time)).toSorted((a, b) => a - b);
  }
}
