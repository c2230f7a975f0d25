// Concurrent changes of the same job: each request takes effect once, and its answer says what happened.
import { expect, test } from 'vitest';
import { apiWorld, type ApiWorld } from '../../fakes/apiWorld.ts';

async function cancelledJob(world: ApiWorld, tasks: object[] = [{}]): Promise<string> {
  const id = await world.submit({ tasks });
  await world.post(`/v1/jobs/${id}/cancel`);
  return id;
}

/** Lets others act once between this API's read and its write. */
function othersFirst(world: ApiWorld, act: () => Promise<unknown>): void {
  world.log.beforeWrite = async () => {
    world.log.beforeWrite = undefined;
    await act();
  };
}

test('the second retry is refused because the job is open, as if it had come later', async () => {
  await using world = await apiWorld();
  const id = await cancelledJob(world);
  let first: { status: number } | undefined;
  othersFirst(world, async () => (first = await world.post(`/v1/jobs/${id}/retry`)));
  const second = await world.post(`/v1/jobs/${id}/retry`);
  expect(first).toMatchObject({ status: 202 });
  expect(second).toMatchObject({ status: 409, json: { code: 'JobNotFinished' } });
});

test('a new run of one of two tasks is one', async () => {
  await using world = await apiWorld();
  const id = await cancelledJob(world, [{}, {}]);
  othersFirst(world, () => world.post(`/v1/jobs/${id}/retry`, { tasks: [0] }));
  const { status, json } = await world.post(`/v1/jobs/${id}/retry`);
  expect(status).toBe(202);
  expect(json.tasks).toMatchObject([
    { state: 'queued', run: 2 },
    { state: 'queued', run: 2 },
  ]);
});

test('after a retry and a cancel by others it begins the run after theirs', async () => {
  await using world = await apiWorld();
  const id = await cancelledJob(world);
  othersFirst(world, async () => {
    await world.post(`/v1/jobs/${id}/retry`);
    await world.post(`/v1/jobs/${id}/cancel`);
  });
  expect(await world.post(`/v1/jobs/${id}/retry`)).toMatchObject({
    status: 202,
    json: { tasks: [{ run: 3 }] },
  });
});

test('a job that is deleted at that moment is not found', async () => {
  await using world = await apiWorld();
  const id = await cancelledJob(world);
  othersFirst(world, () => world.delete(`/v1/jobs/${id}`));
  expect(await world.post(`/v1/jobs/${id}/retry`)).toMatchObject({ status: 404, json: { code: 'JobNotFound' } });
});

test('a cancel whose answer was lost is not repeated on the run that others started after it', async () => {
  await using world = await apiWorld();
  const id = await world.submit();
  const write = world.log.write.bind(world.log);
  world.log.write = async (...asked) => {
    world.log.write = write;
    const outcome = await write(...asked);
    if (outcome.outcome !== 'written') return outcome;
    await world.post(`/v1/jobs/${id}/retry`);
    return { outcome: 'refused', last: await world.log.last(outcome.entry.state.of), overtaken: outcome.entry };
  };
  expect(await world.post(`/v1/jobs/${id}/cancel`)).toMatchObject({ status: 200, json: { state: 'cancelled' } });
  expect((await world.get(`/v1/jobs/${id}`)).json.tasks).toMatchObject([{ state: 'queued', run: 2 }]);
});
