// A client against an API that is one version older or newer, or against something that is no API: it ends, and says why.
import { expect, expectTypeOf, test } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import {
  clientVersion,
  GenwardenClient,
  isFinished,
  type CancelledTask,
  type ErrorCode,
  type FailedTask,
  type Job,
  type OpenTask,
  type ProcessErrorCode,
  type RequestErrorCode,
  type State,
  type SucceededTask,
  type Task,
  type TaskErrorCode,
} from '../../../src/client/index.ts';
import type { processErrors } from '../../../src/job/errors/process.ts';
import type { requestErrors } from '../../../src/job/errors/request.ts';
import type * as errors from '../../../src/job/errors/index.ts';
import { fakeJob, fakeTask } from '../../fakes/fakeJobs.ts';
import { problem, scriptedFetch, type Scripted } from './scriptedFetch.ts';

const clientOf = (...answers: Scripted[]) => {
  const { fetch, asked } = scriptedFetch(...answers);
  return { client: new GenwardenClient({ url: 'http://api.test', fetch, giveUpAfterMs: 0 }), asked };
};

const event = (name: string, data: object | string, id?: string): string => {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${text}\n\n`;
};
const stream = (...events: string[]): Response =>
  new Response(events.join(''), { headers: { 'content-type': 'text/event-stream; charset=utf-8' } });
const page = new Response('<html>', { headers: { 'content-type': 'text/html', etag: '"1"' } });
const withTag = (job: object): Response =>
  Response.json(job, { headers: { etag: `W/"${JSON.stringify(job).length}"` } });

/** A job in a state that only a newer API knows. */
const inState = (state: string, finishedAt: string | null): Job => ({
  ...fakeJob('j', [fakeTask(0, 'running')]),
  state: state as State,
  finishedAt,
});

test('the version and the codes are those of this release', () => {
  expect(clientVersion).toBe(packageJson.version);
  expectTypeOf<ErrorCode>().toEqualTypeOf<errors.ErrorCode>();
  expectTypeOf<TaskErrorCode>().toEqualTypeOf<errors.TaskErrorCode>();
  expectTypeOf<RequestErrorCode>().toEqualTypeOf<keyof typeof requestErrors>();
  expectTypeOf<ProcessErrorCode>().toEqualTypeOf<keyof typeof processErrors>();
});

test('the state of a task narrows it', () => {
  expectTypeOf<Task['state']>().toEqualTypeOf<State>();
  expectTypeOf<Extract<Task, { state: 'failed' }>>().toEqualTypeOf<FailedTask>();
  expectTypeOf<FailedTask['error']>().not.toBeNullable();
  expectTypeOf<SucceededTask['completedAt']>().toEqualTypeOf<string>();
  expectTypeOf<OpenTask['dueAt']>().toEqualTypeOf<string>();
  expectTypeOf<CancelledTask['dueAt']>().toEqualTypeOf<null>();
});

test('an unknown state is finished when the times say that it is', async () => {
  for (const state of ['queued', 'running', 'waiting', 'needs_review'] as const) {
    expect([isFinished(fakeTask(0, state)), isFinished(fakeJob('j', [fakeTask(0, state)]))]).toEqual([false, false]);
  }
  for (const state of ['succeeded', 'failed', 'cancelled'] as const) expect(isFinished(fakeTask(0, state))).toBe(true);
  expect(isFinished({ state: 'expired', dueAt: null })).toBe(true);
  expect(isFinished({ state: 'paused', dueAt: '2026-01-01T00:00:00.000Z' })).toBe(false);
});

test('a wait does not take an unknown open state for an end, nor wait on after an unknown end', async () => {
  const { client, asked } = clientOf(
    withTag(inState('paused', null)),
    withTag(inState('running', null)),
    withTag(inState('expired', '2026-01-01T00:00:00.000Z')),
  );
  expect((await client.wait('j')).state).toBe('expired');
  expect(asked).toHaveLength(3);
});

test('events, watch and text end with a job in an unknown final state', async () => {
  const over = inState('expired', '2026-01-01T00:00:00.000Z');
  const task = { ...fakeTask(0, 'cancelled'), state: 'expired' as State, index: 0 };
  const job = { ...over, tasks: [task] };
  const ended = () => stream(event('snapshot', job, 'e-1'), event('job', over, 'e-2'));
  expect(await Array.fromAsync(clientOf(ended()).client.events('j'))).toHaveLength(2);
  const results = await Array.fromAsync(clientOf(ended(), Response.json(job)).client.watch('j'));
  expect(results.map((result) => result.task.state)).toEqual(['expired']);
  const text = Array.fromAsync(clientOf(Response.json(job), ended(), Response.json(job)).client.text('j'));
  await expect(text).rejects.toMatchObject({ name: 'GenwardenOutputError' });
});

test('unknown events are skipped, and a lost connection continues after them', async () => {
  const { client, asked } = clientOf(
    stream(
      event('hint', { any: 'thing' }, 'e-5'),
      event('progress', { job: 'j', task: 0, progress: 0.5, worker: 'w' }),
    ),
    stream(event('job', inState('succeeded', null), 'e-6')),
  );
  expect((await Array.fromAsync(client.events('j', { giveUpAfterMs: 60_000 }))).map(({ event: name }) => name)).toEqual(
    ['progress', 'job'],
  );
  expect(asked.map(({ headers }) => headers.get('last-event-id'))).toEqual([null, 'e-5']);
});

test('an event stream that answers 204, because nothing follows, has ended', async () => {
  const { client } = clientOf(new Response(null, { status: 204 }));
  expect(await Array.fromAsync(client.events('j', { lastEventId: 'e-9' }))).toEqual([]);
});

test('unknown fields and codes are passed on', async () => {
  const job = { ...fakeJob('j', [fakeTask(0, 'queued')]), added: { by: 'a newer version' } };
  expect(await clientOf(Response.json(job)).client.get('j')).toEqual(job);
  const { client } = clientOf(problem(409, 'SomethingNew'));
  await expect(client.get('j')).rejects.toMatchObject({ code: 'SomethingNew', hint: 'Do this.' });
});

test('a call that an older API does not have says which version the client has', async () => {
  const { client } = clientOf(problem(404, 'RouteNotFound'));
  await expect(client.explain('j')).rejects.toMatchObject({
    code: 'RouteNotFound',
    hint: expect.stringContaining(`older than this client (${packageJson.version})`),
  });
});

test('a page instead of an API ends each call with an error that names the address', async () => {
  const calls: Record<string, (client: GenwardenClient) => Promise<unknown>> = {
    get: (client) => client.get('j'),
    wait: (client) => client.wait('j'),
    submit: (client) => client.submit({ kind: 'image' }),
    list: (client) => Array.fromAsync(client.list()),
    events: (client) => Array.fromAsync(client.events('j')),
    watch: (client) => Array.fromAsync(client.watch('j')),
    'a broken event': (client) => Array.fromAsync(client.events('j')),
  };
  for (const [name, call] of Object.entries(calls)) {
    const { client } = clientOf(name === 'a broken event' ? stream(event('job', '{"id":')) : page);
    const error = await call(client).catch((thrown: unknown) => thrown);
    expect([name, error]).toEqual([name, expect.objectContaining({ name: 'GenwardenApiError', code: 'Unknown' })]);
    expect((error as Error).message).toContain('answered');
  }
});

test('a stream that always ends before an event gives up', async () => {
  const { client } = clientOf(stream());
  await expect(Array.fromAsync(client.events('j'))).rejects.toMatchObject({
    name: 'GenwardenConnectionError',
    reason: expect.stringContaining('each connection ended before an event'),
  });
});
