// The counters of controllers in a real Prometheus, while the leading controller is killed, frozen and stopped: what the raw values
// of all series add up to is the number of tasks that finished.

import { expect, test } from 'vitest';
import { connectNats, natsScrapeMarks } from '../../src/adapters/nats/index.ts';
import type { ScrapeMark, ScrapeMarks } from '../../src/ports/scrapeMarks.ts';
import { startPrometheus, type Prometheus } from '../support/prometheus.ts';
import type { Series } from '../support/prometheusQueries.ts';
import type { TestProcess } from '../support/process.ts';
import { Site } from '../support/site/site.ts';
import { markdownTable } from '../support/markdownTable.ts';
import { until } from '../support/until.ts';

const patience = { timeoutMs: 60_000 };
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const mostTasks = 250;

test('a sum of increases is the number of tasks that finished, whatever happens to the leading controller', async () => {
  await using site = await Site.start();
  const controllers = [site.controller, await site.start('controller'), await site.start('controller')];
  await using prometheus = await startPrometheus({ targets: site.targets(), scrapeInterval: '4s' });
  await using marks = await openMarks(site.nats.url);
  await prometheus.scraped();
  const load = startLoad(site);
  const steps: string[][] = [];
  const change = async (what: string, act: (leader: TestProcess) => Promise<void> | void): Promise<void> => {
    const leader = await leaderOf(controllers);
    await until(() => hasUnseen(marks, load), { what: 'tasks that no scrape has shown', ...patience });
    await act(leader);
    await until(async () => (await leaderOf(controllers)) !== leader, { what: 'the next leader', ...patience });
    steps.push([what, String(load.finished)]);
  };

  await change('killed', (leader) => leader.kill('SIGKILL'));
  let frozen: TestProcess | undefined;
  await change('frozen', (leader) => (frozen = leader).kill('SIGSTOP'));
  await afterMark(marks);
  frozen!.kill('SIGCONT');
  await prometheus.scraped();
  await change('stopped', async (leader) => void (await leader.stop()));
  await load.end(mostTasks);

  const finished = await settled(prometheus, 'genwarden_tasks_finished_total');
  const [durations, waits] = await Promise.all(
    ['task_duration', 'task_queue_duration'].map((name) => increaseOf(prometheus, `genwarden_${name}_seconds_count`)),
  );
  const rows = [...steps, ['tasks finished', String(load.finished)], ['sum of increases', String(finished)]];
  console.log(markdownTable(['the leading controller was', 'tasks finished by then'], rows));
  expect(load.finished).toBeGreaterThanOrEqual(mostTasks);
  expect({ finished, durations, waits }).toEqual({
    finished: load.finished,
    durations: load.finished,
    waits: load.finished,
  });
});

/** Jobs of five tasks, three at a time, one task in ten fails. */
function startLoad({ client }: Site) {
  const load = { finished: 0, end: (least: number) => end(least) };
  let least = Infinity;
  const submitOn = async (): Promise<void> => {
    while (load.finished < least) {
      const prompt = (name: string) => (name === 'e' && load.finished % 2 === 0 ? 'No [standin: refuse-prompt]' : name);
      const tasks = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, input: { prompt: prompt(name) } }));
      const { id } = await client.submit({ kind: 'text', input: { prompt: 'a hedge' }, tasks });
      await client.wait(id);
      load.finished += tasks.length;
    }
  };
  const running = Promise.all([submitOn(), submitOn(), submitOn()]);
  const end = async (count: number): Promise<void> => {
    least = count;
    await running;
  };
  running.catch(() => undefined);
  return load;
}

async function openMarks(url: string): Promise<ScrapeMarks & AsyncDisposable> {
  const context = { signal: AbortSignal.timeout(10_000), log: silent };
  const link = await connectNats({ urls: [url], prefix: 'genwarden', name: 'test' }, context);
  return { ...natsScrapeMarks(link), [Symbol.asyncDispose]: () => link.close() };
}

/** Resolves with the next mark as soon as it is stored: the next scrape is seconds away. */
async function afterMark(marks: ScrapeMarks): Promise<ScrapeMark> {
  const { mark: before } = await marks.read();
  const moved = async (): Promise<ScrapeMark | undefined> => {
    const { mark } = await marks.read();
    return mark?.at === before?.at ? undefined : mark;
  };
  return until(moved, { what: 'the mark of a scrape', ...patience });
}

/** Whether tasks finish between a scrape and the next one, so that a change at this moment would lose them. */
async function hasUnseen(marks: ScrapeMarks, load: { readonly finished: number }): Promise<boolean> {
  const { at } = await afterMark(marks);
  const before = load.finished;
  await until(() => load.finished > before, { what: 'a job', ...patience });
  return (await marks.read()).mark?.at === at;
}

async function leaderOf(controllers: readonly TestProcess[]): Promise<TestProcess> {
  const found = async (): Promise<TestProcess | undefined> => {
    for (const controller of controllers) if (await leads(controller)) return controller;
    return undefined;
  };
  return until(found, { what: 'a leading controller', ...patience });
}

async function leads({ lines }: TestProcess): Promise<boolean> {
  const [url] = lines.flatMap((line) => /metrics on (http:[^"\s]+\/metrics)/.exec(line)?.[1] ?? []);
  const page = await fetch(url!, { signal: AbortSignal.timeout(1_000) }).then(
    (response) => response.text(),
    () => '',
  );
  return page.includes('leader_election_master_status{name="controller"} 1');
}

/** The increase once two scrapes of every process have found the same. */
async function settled(prometheus: Prometheus, name: string): Promise<number> {
  let known = -1;
  const isSettled = async (): Promise<boolean> => {
    for (let scrapes = 0; scrapes < 2; scrapes += 1) await prometheus.scraped();
    const before = known;
    known = await increaseOf(prometheus, name);
    return known === before;
  };
  await until(isSettled, { what: 'the last counts', ...patience });
  return known;
}

/** Exact, while Prometheus's own `increase()` extrapolates to the ends of the range. */
async function increaseOf(prometheus: Prometheus, selector: string): Promise<number> {
  return (await prometheus.samples(selector)).reduce((sum, series) => sum + increase(series), 0);
}

function increase({ points }: Series): number {
  let sum = 0;
  for (let at = 1; at < points.length; at += 1) {
    const [before, now] = [points[at - 1]!.value, points[at]!.value];
    sum += now < before ? now : now - before;
  }
  return sum;
}
