// A leader that was suspended while another one took over: until it knows that it no longer leads, it exports nothing new.

import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { LeaderCounters } from '../../../src/controller/metrics/leaderCounters.ts';
import { Ledger } from '../../../src/controller/metrics/ledger.ts';
import { claimed, submitted, succeeded } from '../../../src/job/transitions.ts';
import type { FollowEvent } from '../../../src/ports/jobLog.ts';
import { startFollower } from '../../../src/readmodel/follower.ts';
import { createControllerMetrics } from '../../../src/telemetry/metrics.ts';
import { settle, virtualClock } from '../../fakes/clock.ts';
import { fakeJobLog } from '../../fakes/jobLog.ts';
import { FakePrometheus } from '../../fakes/prometheus.ts';
import { fakeScrapeMarks } from '../../fakes/scrapeMarks.ts';
import { identity } from '../../fakes/tasks.ts';

const finishedTotal = 'genwarden_tasks_finished_total';
const silent = pino({ level: 'silent' });

function installation() {
  const log = fakeJobLog({ clock: virtualClock() });
  const marks = fakeScrapeMarks();
  let jobs = 0;
  const finish = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done += 1) {
      jobs += 1;
      const queued = submitted(identity({ job: `01hzy3v8k0000000000000${String(jobs).padStart(4, '0')}` }));
      log.append(queued);
      const running = claimed(queued, 'worker-1', 1, queued.since);
      log.append(running);
      log.append(succeeded(running, queued.since));
    }
    await settle();
  };
  return { log, marks, finish };
}

/** The counters of one process, with its own clock. While `frozen`, the events of the stream wait. */
async function startCounters({ log, marks }: ReturnType<typeof installation>, name: string) {
  const clock = virtualClock();
  const follower = startFollower({ log, clock, logger: silent });
  const registry = new Registry();
  const ledger = new Ledger(createControllerMetrics(registry));
  const counters = new LeaderCounters({ ledger, marks, log, follower, clock, logger: silent, name });
  const process = { registry, controller: counters, clock, counters, frozen: false, thaw: () => thaw() };
  const waiting: FollowEvent[] = [];
  follower.onEvent((event) => (process.frozen ? void waiting.push(event) : counters.follow(event)));
  const thaw = (): void => {
    process.frozen = false;
    for (const event of waiting.splice(0)) counters.follow(event);
  };
  await settle();
  return process;
}

test.each([
  ['a scrape comes', true, true],
  ['a tick comes', false, true],
  ['a tick comes, before the other one was scraped', false, false],
])('it counts nothing that the other one counts; after it continues, first %s', async (_, scrapedFirst, otherSeen) => {
  const world = installation();
  const prometheus = new FakePrometheus();
  const one = await startCounters(world, 'one');
  const two = await startCounters(world, 'two');
  const term = new AbortController();
  await one.counters.begin(term.signal);
  await prometheus.scrape('one', one);
  await world.finish(2);
  await prometheus.scrape('one', one);
  await prometheus.scrape('one', one);
  one.frozen = true;
  await world.finish(3);
  await two.counters.begin(new AbortController().signal);
  if (otherSeen) await prometheus.scrape('two', two);
  await world.finish(4);
  one.clock.skip(5_000);
  one.thaw();
  if (scrapedFirst) await prometheus.scrape('one', one);
  one.counters.tick();
  await settle();
  await prometheus.scrape('one', one);
  term.abort();
  one.counters.end();
  await prometheus.scrape('one', one);
  for (let times = 0; times < 3; times += 1) await prometheus.scrape('two', two);
  expect(world.marks.stored?.by).toBe('two/1');
  expect(prometheus.increase(finishedTotal)).toBe(9);
});

test('it continues to count if no other one took over', async () => {
  const world = installation();
  const prometheus = new FakePrometheus();
  const one = await startCounters(world, 'one');
  await one.counters.begin(new AbortController().signal);
  await prometheus.scrape('one', one);
  await world.finish(2);
  await prometheus.scrape('one', one);
  one.frozen = true;
  await world.finish(3);
  one.clock.skip(2_000);
  one.thaw();
  one.counters.tick();
  await settle();
  for (let times = 0; times < 2; times += 1) await prometheus.scrape('one', one);
  expect(prometheus.increase(finishedTotal)).toBe(5);
});
