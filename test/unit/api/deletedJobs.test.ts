// Jobs that are gone: every request about one gets one answer, so that another tenant cannot tell that the job ever existed.

import { expect, test, vi } from 'vitest';
import { succeeded, toReview } from '../../../src/job/transitions.ts';
import { apiWorld, type Answer, type ApiWorld } from '../../fakes/apiWorld.ts';
import { freshJobId } from '../../fakes/tasks.ts';

/** The token is the tenant. */
const find = (tenant: string) => ({ id: tenant, name: tenant, tenant, scopes: ['jobs:read', 'jobs:write'] as const });
const as = (tenant: string) => ({ authorization: `Bearer ${tenant}` });

interface Request {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** After the job's id. */
  readonly path: string;
  readonly payload?: object;
}

const requests: Request[] = [
  { method: 'GET', path: '' },
  { method: 'GET', path: '?wait=1s' },
  { method: 'GET', path: '/events' },
  { method: 'GET', path: '/history' },
  { method: 'GET', path: '/explain' },
  { method: 'GET', path: '/tasks/0/artifacts/image' },
  { method: 'GET', path: '/tasks/7/artifacts/image?run=1' },
  { method: 'POST', path: '/cancel', payload: {} },
  { method: 'POST', path: '/retry', payload: {} },
  { method: 'POST', path: '/retry', payload: { tasks: [7] } },
  { method: 'POST', path: '/tasks/0/review', payload: { run: 1, decision: 'approve' } },
  { method: 'DELETE', path: '' },
];

async function answerOf(world: ApiWorld, tenant: string, job: string, request: Request) {
  const { method, path, payload } = request;
  const body = payload === undefined ? {} : { payload };
  const response = await world.api.inject({ method, url: `/v1/jobs/${job}${path}`, headers: as(tenant), ...body });
  const headers = { ...response.headers, 'x-request-id': '', date: '' };
  const problem = { ...response.json<object>(), requestId: '' };
  return { headers, text: JSON.stringify(problem).replaceAll(job, '{id}') };
}

async function submitted(world: ApiWorld, tenant: string): Promise<string> {
  const answer: Answer = await world.post('/v1/jobs', { kind: 'image', input: { prompt: 'a yard' } }, as(tenant));
  return answer.json.id as string;
}

test.each(requests)(
  '$method /v1/jobs/{id}$path answers alike for deleted, expired, foreign and unknown jobs',
  async (request) => {
    await using world = await apiWorld({ auth: { find } });
    const expired = await submitted(world, 'acme');
    world.clock.skip(7 * 86_400_000);
    const deleted = await submitted(world, 'acme');
    await world.claim(deleted);
    await world.finish(deleted, 0, (state, now) => succeeded(state, now));
    const gone = await world.api.inject({ method: 'DELETE', url: `/v1/jobs/${deleted}`, headers: as('acme') });
    expect(gone.statusCode).toBe(204);
    const open = await submitted(world, 'acme');
    const unknown = await answerOf(world, 'acme', freshJobId(), request);
    expect(JSON.parse(unknown.text)).toMatchObject({
      status: 404,
      code: 'JobNotFound',
      detail: 'There is no job {id}',
    });
    for (const [tenant, job] of [
      ['acme', deleted],
      ['acme', expired],
      ['other', deleted],
      ['other', expired],
      ['other', open],
    ] as const) {
      expect(await answerOf(world, tenant, job, request)).toEqual(unknown);
    }
  },
);

test.each(['/cancel', '/retry', '/tasks/0/review'])(
  'a job that is deleted before the write of %s is not found',
  async (path) => {
    await using world = await apiWorld();
    const review = path.endsWith('review');
    const id = await world.submit(review ? { policy: { review: 'always' } } : {});
    const others = async (): Promise<void> => {
      world.log.beforeWrite = undefined;
      await world.post(`/v1/jobs/${id}/cancel`);
      expect((await world.delete(`/v1/jobs/${id}`)).status).toBe(204);
    };
    if (path === '/retry') await world.post(`/v1/jobs/${id}/cancel`);
    if (review) {
      await world.claim(id);
      await world.finish(id, 0, (state, now) => toReview(state, now));
    }
    world.log.beforeWrite = others;
    const body = review ? { run: 1, decision: 'approve' } : {};
    const { status, json } = await world.post(`/v1/jobs/${id}${path}`, body);
    expect([status, json.code, json.detail]).toEqual([404, 'JobNotFound', `There is no job ${id}`]);
  },
);

test("another tenant's open job is not even read, so that the time of the answer tells nothing", async () => {
  await using world = await apiWorld({ auth: { find } });
  const open = await submitted(world, 'acme');
  const read = vi.spyOn(world.log, 'read');
  expect((await world.get(`/v1/jobs/${open}`, as('other'))).status).toBe(404);
  expect(read.mock.calls.map(([job]) => job)).toEqual(['0'.repeat(26)]);
  expect((await world.get(`/v1/jobs/${open}`, as('acme'))).status).toBe(200);
});
