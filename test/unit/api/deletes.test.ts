// Deleting a job: its artifacts go with it, those that other jobs use stay, and a retry that came first wins.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { TaskWrite } from '../../../src/job/task.ts';
import { newRun, succeeded } from '../../../src/job/transitions.ts';
import { apiWorld } from '../../fakes/apiWorld.ts';
import { start } from '../../fakes/tasks.ts';
import { until } from '../../support/until.ts';

const photo = readFileSync(new URL('../../../examples/front-yard.jpg', import.meta.url));
const placeIn = (job: string) => ({ job, task: 0, name: 'image', labels: {}, expiresAt: start });

describe('DELETE /v1/jobs/{id}', () => {
  test('permanently removes a finished job with its artifacts', async () => {
    await using world = await apiWorld();
    const id = await world.submit();
    const made = await world.artifacts.put('default', Buffer.from('made'), 'image/png', { place: placeIn(id) });
    await world.claim(id);
    await world.finish(id, 0, succeeded, { artifacts: [{ name: 'image', ...made }] });
    expect((await world.delete(`/v1/jobs/${id}`)).status).toBe(204);
    expect((await world.get(`/v1/jobs/${id}`)).json.code).toBe('JobNotFound');
    expect((await world.get('/v1/jobs')).json.items).toEqual([]);
    expect(await world.artifacts.find('default', made.digest)).toBeUndefined();
    // The tombstone alone stays, until the retention is over.
    expect(world.log.stream.size.messages).toBe(1);
    expect((await world.delete(`/v1/jobs/${id}`)).status).toBe(404);
  });

  test('keeps what another job made or refers to', async () => {
    await using world = await apiWorld();
    const ids = [await world.submit(), await world.submit()];
    for (const id of ids) {
      const made = await world.artifacts.put('default', photo, 'image/jpeg', { place: placeIn(id) });
      await world.claim(id);
      await world.finish(id, 0, succeeded, { artifacts: [{ name: 'image', ...made }] });
    }
    const image = (id: string) => world.get(`/v1/jobs/${id}/tasks/0/artifacts/image`);
    expect((await world.delete(`/v1/jobs/${ids[0]}`)).status).toBe(204);
    expect((await image(ids[1]!)).status).toBe(200);
    const { digest: artifact } = (await world.get(`/v1/jobs/${ids[1]}`)).json.tasks[0].artifacts[0];
    await world.submit({ input: { prompt: 'like it', references: [{ artifact }] } });
    expect((await world.delete(`/v1/jobs/${ids[1]}`)).status).toBe(204);
    expect(await world.artifacts.find('default', artifact)).toBeDefined();
  });

  test('refuses an open job, and one that is retried meanwhile', async () => {
    await using world = await apiWorld();
    const id = await world.submit();
    expect(await world.delete(`/v1/jobs/${id}`)).toMatchObject({ status: 409, json: { code: 'JobNotFinished' } });
    await world.post(`/v1/jobs/${id}/cancel`);
    let retried = false;
    world.log.beforeWrite = async (next: TaskWrite) => {
      if (retried || next.state.state !== 'deleted') return;
      retried = true;
      await world.post(`/v1/jobs/${id}/retry`);
    };
    expect(await world.delete(`/v1/jobs/${id}`)).toMatchObject({ status: 409, json: { code: 'JobNotFinished' } });
    expect((await world.get(`/v1/jobs/${id}`)).json.state).toBe('queued');
  });

  test('is not stopped half-way by a retry: what that opens goes with the rest', async () => {
    await using world = await apiWorld();
    const id = await world.submit({ tasks: [{}, {}, {}] });
    await world.post(`/v1/jobs/${id}/cancel`);
    const retried: string[] = [];
    world.log.beforeWrite = async ({ state }: TaskWrite) => {
      if (state.state !== 'deleted' || state.of.task !== 2 || retried.length > 0) return;
      retried.push(id);
      const last = (await world.log.read(id))!.tasks[2]!;
      if (last.last.state.state !== 'cancelled') throw new Error('it was to be cancelled');
      const again = newRun(last.last.state, 'Retried', world.clock.now());
      world.log.append(again, { message: 'Retried', request: last.request });
    };
    expect((await world.delete(`/v1/jobs/${id}`)).status).toBe(204);
    expect(retried).toEqual([id]);
    expect((await world.get(`/v1/jobs/${id}`)).json.code).toBe('JobNotFound');
    expect((await world.log.read(id))?.tasks.map(({ last }) => last.state.state) ?? []).not.toContain('queued');
    await until(() => world.follower.index.size.jobs === 0, { what: 'the index to forget the job' });
  });
});
