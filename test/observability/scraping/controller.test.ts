// A controller change in mid-scrape: the leader freezes, so that a scrape of it times out, another one leads, and the frozen one
// returns. Nothing is shown or counted twice.

import { test } from 'vitest';
import { startPrometheus } from '../../support/prometheus.ts';
import { Site } from '../../support/site/site.ts';
import { until } from '../../support/until.ts';
import { leaderIn } from '../situation/leader.ts';
import { compareCounter } from '../values/compare.ts';

const patience = { timeoutMs: 90_000, intervalMs: 200 };

async function pictures(site: Site, count: number): Promise<void> {
  const request = { kind: 'image', input: { prompt: 'a hedge [standin: image small]' } } as const;
  const jobs = await Promise.all(Array.from({ length: count }, () => site.client.submit(request)));
  await Promise.all(jobs.map(({ id }) => site.client.wait(id)));
}

test('a leader that freezes in mid-scrape leaves neither two leaders nor two counts', async () => {
  await using site = await Site.start();
  await site.start('controller');
  await using prometheus = await startPrometheus({ targets: site.targets() });
  await pictures(site, 4);
  await prometheus.scraped();
  const before = await until(() => leaderIn(prometheus), { what: 'a leader', ...patience });
  const first = site.processOf(before);
  const isDown = async (): Promise<boolean> => (await prometheus.total(`up{pod="${before}"}`)) === 0;
  const hasAnother = async (): Promise<boolean> => ![undefined, before].includes(await leaderIn(prometheus));

  first.kill('SIGSTOP');
  await until(isDown, { what: 'a scrape that timed out', ...patience });
  await until(hasAnother, { what: 'another leader', ...patience });
  await pictures(site, 4);
  first.kill('SIGCONT');
  await until(async () => !(await isDown()), { what: 'a scrape of the first controller', ...patience });
  await pictures(site, 4);

  const showing = async (): Promise<number> => (await prometheus.query('count by (pod) (genwarden_tasks)')).length;
  await until(async () => (await showing()) === 1, { what: 'one process that shows tasks', ...patience });
  const finished = { metric: 'genwarden_tasks_finished_total', by: ['outcome'], expected: { succeeded: 12 } };
  await compareCounter(prometheus, finished);
}, 240_000);
