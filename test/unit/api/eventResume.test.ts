// Clients that come back after many messages: the API reads few jobs for them.

import { expect, onTestFinished, test } from 'vitest';
import type { ApiOptions } from '../../../src/api/app.ts';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';
import { EventStreamReader } from '../../support/eventStreamReader.ts';

async function listeningWorld(over: Partial<ApiOptions>): Promise<ApiWorld & { url: string }> {
  const world = await apiWorld(over);
  onTestFinished(() => world[Symbol.asyncDispose]());
  return Object.assign(world, { url: await world.api.listen({ host: '127.0.0.1', port: 0 }) });
}

const readsOf = ({ log }: ApiWorld): number => log.calls.filter((call) => call === 'read').length;

test.each([
  // From the stream, which holds the tombstones alone, and from memory, in batches that may begin within a job.
  { recent: 3, most: 0 },
  { recent: 10_000, most: 5 },
])(
  'who comes back over 80 deleted jobs reads $most of them at most ($recent messages in memory)',
  async ({ recent, most }) => {
    const world = await listeningWorld({ events: { recent } });
    const { epoch, sequence } = world.follower.position();
    await world.submit();
    const deleted = [];
    for (let jobs = 0; jobs < 80; jobs += 1) {
      const job = await world.submit();
      await world.post(`/v1/jobs/${job}/cancel`);
      await world.delete(`/v1/jobs/${job}`);
      deleted.push(job);
    }
    const reads = readsOf(world);
    const back = await EventStreamReader.open(`${world.url}/v1/events`, `${epoch}-${sequence + 1}`);
    await back.until((all) => all.filter(({ data }) => data.state === 'deleted').length === 80, 'the tombstones');
    const tombstones = back.of('task').filter(({ data }) => data.state === 'deleted');
    expect(tombstones.map(({ data }) => data.job)).toEqual(deleted);
    expect(readsOf(world) - reads).toBeLessThanOrEqual(most);
  },
);

test('who comes back over finished jobs that the index has dropped reads each twice at most', async () => {
  const world = await listeningWorld({ events: { recent: 3 } });
  const first = await world.submit();
  const { epoch, sequence } = world.follower.position();
  const jobs: string[] = [first];
  for (let at = 0; at < 30; at += 1) jobs.push(await world.submit({ tasks: Array.from({ length: 10 }, () => ({})) }));
  for (const job of jobs) await world.post(`/v1/jobs/${job}/cancel`);
  world.follower.index.clear();
  const reads = readsOf(world);
  const back = await EventStreamReader.open(`${world.url}/v1/events`, `${epoch}-${sequence}`);
  await back.until((all) => all.filter(({ event }) => event === 'job').length >= jobs.length, 'the jobs');
  expect(back.of('task')).toHaveLength(601);
  expect(back.of('job').map(({ data }) => [data.id, data.state])).toEqual(jobs.map((job) => [job, 'cancelled']));
  expect(readsOf(world) - reads).toBeLessThanOrEqual(2 * jobs.length);
});
