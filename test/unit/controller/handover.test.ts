// The counters of the leading controller over changes of the leader, as Prometheus adds them up: nothing twice, nothing left out.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { claimed, failed, submitted, succeeded } from '../../../src/job/transitions.ts';
import { FakePrometheus } from '../../fakes/prometheus.ts';
import { heartbeatTimeout, metric, Stage, taskOf, type Actor } from './stage.ts';

const finishedTotal = 'genwarden_tasks_finished_total';
const durations = 'genwarden_task_duration_seconds_count';
const queueDurations = 'genwarden_task_queue_duration_seconds_count';

let stage: Stage;
let prometheus: FakePrometheus;
let tasks: number;
beforeEach(() => {
  stage = new Stage();
  stage.declarePool('default', ['gemini-3.1-flash-image']);
  prometheus = new FakePrometheus();
  tasks = 0;
});
afterEach(() => stage.close());

/** Each is a separate job: submitted, claimed and finished one second later. */
async function finish(count: number, how: 'succeeded' | 'failed' = 'succeeded'): Promise<void> {
  for (let done = 0; done < count; done += 1) {
    tasks += 1;
    const queued = submitted(taskOf({ job: `01hzy3v8k0000000000000${String(tasks).padStart(4, '0')}`, total: 1 }));
    stage.log.append(queued);
    const running = claimed(queued, 'worker-1', 1, stage.clock.now());
    stage.log.append(running);
    const end = stage.clock.now();
    stage.log.append(how === 'succeeded' ? succeeded(running, end) : failed(running, 'PromptRefused', end));
  }
  await stage.clock.advance(1_000);
}

const scrape = (name: string, actor: Actor): Promise<void> => prometheus.scrape(name, actor);

/** A leader that counted two tasks since its latest scrape, and a standby. */
async function startWithTwoTasksUnseen(): Promise<{ one: Actor; two: Actor }> {
  const one = await stage.startController('one');
  const two = await stage.startController('two', false);
  await scrape('one', one);
  await finish(3);
  await scrape('one', one);
  await finish(2);
  return { one, two };
}

describe('a change of the leading controller', () => {
  test('counts each task once when a leader dies before what it counted was scraped', async () => {
    const { one, two } = await startWithTwoTasksUnseen();
    // Nobody scrapes the first one any more.
    await one.lead(false);
    await finish(4);
    await two.lead(true);
    await finish(5);
    await scrape('two', two);
    expect(prometheus.values('two', finishedTotal).flat()).toEqual([0, 0, 0]);
    await finish(1);
    await scrape('two', two);
    expect(prometheus.increase(finishedTotal)).toBe(tasks);
    expect(prometheus.increase(durations)).toBe(tasks);
    expect(prometheus.increase(queueDurations)).toBe(tasks);
  });

  test('counts nothing twice when the previous leader is still scraped', async () => {
    const { one, two } = await startWithTwoTasksUnseen();
    await one.lead(false);
    await two.lead(true);
    await finish(4);
    for (let times = 0; times < 2; times += 1) {
      await scrape('one', one);
      await scrape('two', two);
    }
    expect(prometheus.increase(finishedTotal)).toBe(tasks);
  });

  test('counts each task once over many terms', async () => {
    const actors = { one: await stage.startController('one', false), two: await stage.startController('two', false) };
    for (let term = 0; term < 6; term += 1) {
      const [leader, standby] = term % 2 === 0 ? (['one', 'two'] as const) : (['two', 'one'] as const);
      await actors[standby].lead(false);
      await finish(term);
      await actors[leader].lead(true);
      await scrape(leader, actors[leader]);
      await finish(2, term === 3 ? 'failed' : 'succeeded');
      await scrape(standby, actors[standby]);
      if (term !== 4) await scrape(leader, actors[leader]);
      await finish(1);
    }
    await scrape('two', actors.two);
    await scrape('two', actors.two);
    expect(prometheus.increase(finishedTotal)).toBe(tasks);
    expect(prometheus.increase(durations)).toBe(tasks);
  });

  test('counts what ended while no controller ran', async () => {
    const one = await stage.startController('one');
    await scrape('one', one);
    await finish(2);
    await scrape('one', one);
    await finish(3);
    await one.controller.close();
    await one.follower.close();
    await finish(4);
    const restarted = await stage.startController('two');
    await scrape('two', restarted);
    await scrape('two', restarted);
    expect(prometheus.increase(finishedTotal)).toBe(tasks);
    expect(prometheus.increase(queueDurations)).toBe(tasks);
  });

  test('counts again what was in an answer that Prometheus did not get', async () => {
    const one = await stage.startController('one');
    const two = await stage.startController('two', false);
    await scrape('one', one);
    await finish(3);
    await prometheus.scrape('one', one, true);
    await one.lead(false);
    await two.lead(true);
    await scrape('two', two);
    await scrape('two', two);
    expect(prometheus.increase(finishedTotal)).toBe(3);
  });

  test('shows a recovery that began under the previous leader', async () => {
    const one = await stage.startController('one');
    const two = await stage.startController('two', false);
    await scrape('one', one);
    await scrape('two', two);
    stage.startTask(0);
    await stage.clock.advance(heartbeatTimeout);
    const again = stage.log.lastOf();
    if (again.state !== 'queued') throw new Error(`expected queued, not ${again.state}`);
    await scrape('one', one);
    await one.lead(false);
    await stage.clock.advance(500);
    stage.log.append(claimed(again, 'worker-2', 1, stage.clock.now()));
    await stage.clock.advance(500);
    await two.lead(true);
    await scrape('two', two);
    await scrape('two', two);
    expect(prometheus.increase('genwarden_recovery_duration_seconds_count')).toBe(1);
    expect(prometheus.increase('genwarden_recovery_duration_seconds_sum')).toBeCloseTo(heartbeatTimeout / 1_000 + 0.5);
  });
});

test('a recovery is measured although the only controller restarts in the middle of it', async () => {
  const one = await stage.startController('one');
  await scrape('one', one);
  stage.startTask(0);
  await stage.clock.advance(heartbeatTimeout);
  const again = stage.log.lastOf();
  if (again.state !== 'queued') throw new Error(`expected queued, not ${again.state}`);
  await scrape('one', one);
  await one.controller.close();
  await one.follower.close();
  await stage.clock.advance(3_000);
  const restarted = await stage.startController('two');
  await scrape('two', restarted);
  stage.log.append(claimed(again, 'worker-2', 1, stage.clock.now()));
  await stage.clock.advance(1_000);
  for (let times = 0; times < 2; times += 1) await scrape('two', restarted);
  expect(prometheus.increase('genwarden_recovery_duration_seconds_count')).toBe(1);
  expect(prometheus.increase('genwarden_recovery_duration_seconds_sum')).toBeCloseTo(heartbeatTimeout / 1_000 + 3);
});

test('a stream that replaces the old one is counted from its start', async () => {
  await finish(2);
  const one = await stage.startController('one');
  await scrape('one', one);
  await finish(2);
  await scrape('one', one);
  await finish(1);
  stage.log.stream.replace();
  await stage.clock.advance(10_000);
  await finish(3);
  for (let times = 0; times < 2; times += 1) await scrape('one', one);
  // What was not scraped before is lost with the stream.
  expect(prometheus.increase(finishedTotal)).toBe(5);
  expect(stage.marks.stored).toMatchObject({ epoch: stage.log.stream.epoch, sequence: 9 });
});

describe('a scrape', () => {
  test('shows a new series as 0 first, and its value in the next one', async () => {
    const one = await stage.startController('one');
    await scrape('one', one);
    await finish(2, 'failed');
    await scrape('one', one);
    await finish(1);
    await scrape('one', one);
    const refused = prometheus.values('one', finishedTotal).filter((values) => values.length === 2);
    expect(refused).toEqual([[0, 2]]);
    expect(prometheus.increase(finishedTotal)).toBe(3);
  });

  test('of an empty installation shows the series of every pool as 0', async () => {
    const one = await stage.startController('one', false);
    await scrape('one', one);
    expect(prometheus.values('one', finishedTotal)).toEqual([[0], [0], [0]]);
    expect(prometheus.values('one', durations)).toEqual([[0], [0], [0]]);
    expect(prometheus.values('one', 'genwarden_provider_outages_total')).toEqual([[0]]);
    expect(prometheus.values('one', 'genwarden_invariant_violations_total').flat()).toEqual([0, 0, 0, 0, 0]);
  });

  test('stores up to where the counters are complete', async () => {
    const one = await stage.startController('one');
    await finish(1);
    await scrape('one', one);
    expect(stage.marks.stored).toMatchObject({ sequence: 3, at: stage.clock.now() });
    await finish(1, 'failed');
    await finish(1);
    await scrape('one', one);
    // Its failure waits for the next scrape, and so does what comes after it.
    expect(stage.marks.stored).toMatchObject({ sequence: 5 });
    await scrape('one', one);
    expect(stage.marks.stored).toMatchObject({ sequence: 9 });
  });

  test('by nobody: counts are in the counters at once, as of the start of the term', async () => {
    const one = await stage.startController('one', false);
    await finish(2);
    await one.lead(true);
    await finish(3);
    expect(await metric(one.registry, finishedTotal, { outcome: 'succeeded' })).toBe(3);
    expect(one.lines.some(({ event }) => event === 'counters_restarted')).toBe(false);
  });

  test('that no longer comes: after ten minutes counts wait no more', async () => {
    const one = await stage.startController('one');
    await scrape('one', one);
    await finish(3);
    expect(await metric(one.registry, finishedTotal, { outcome: 'succeeded' })).toBe(0);
    await stage.clock.advance(600_000);
    expect(await metric(one.registry, finishedTotal, { outcome: 'succeeded' })).toBe(3);
  });
});

describe('the mark', () => {
  test('is read as soon as NATS answers', async () => {
    const one = await stage.startController('one');
    const two = await stage.startController('two', false);
    await scrape('one', one);
    await finish(3);
    await one.lead(false);
    stage.marks.disconnected = true;
    await two.lead(true);
    await finish(2);
    await scrape('two', two);
    stage.marks.disconnected = false;
    await finish(1);
    await scrape('two', two);
    expect(prometheus.increase(finishedTotal)).toBe(tasks);
  });

  test('that was lost: the new leader counts from the start of its term', async () => {
    const one = await stage.startController('one');
    const two = await stage.startController('two', false);
    await scrape('one', one);
    await scrape('two', two);
    await finish(3);
    await one.lead(false);
    stage.marks.remove();
    await two.lead(true);
    await finish(2);
    await scrape('two', two);
    expect(prometheus.increase(finishedTotal)).toBe(2);
    expect(two.lines.some(({ event }) => event === 'counters_restarted')).toBe(true);
  });

  test('of another stream is not used', async () => {
    await stage.marks.replace({ epoch: 'another', sequence: 1, at: stage.clock.now(), by: 'old' }, 0);
    await finish(3);
    const one = await stage.startController('one');
    await scrape('one', one);
    await scrape('one', one);
    expect(prometheus.increase(finishedTotal)).toBe(0);
    expect(one.lines.some(({ event }) => event === 'counters_restarted')).toBe(true);
    expect(stage.marks.stored).toMatchObject({ sequence: 9 });
  });
});
