// Typed outputs: schemas of zod and JSON Schemas at submit, outputs that are waited for and checked, and why there is none.
import { expect, expectTypeOf, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { GenwardenClient, GenwardenOutputError, type Json, type SubmittedJob } from '../../../src/client/index.ts';
import { taskError } from '../../../src/job/errors/index.ts';
import { cancelled, failed, succeeded, toReview } from '../../../src/job/transitions.ts';
import type { TaskDetail } from '../../../src/job/task.ts';
import { apiWorld } from '../../fakes/apiWorld.ts';

const Plan = z.object({
  title: z.string(),
  steps: z.array(z.object({ name: z.string(), minutes: z.number().default(5) })),
  day: z.string().transform((text) => new Date(text)),
});

const written = { title: 'Hedge', steps: [{ name: 'dig' }], day: '2026-03-01' };
const text = { kind: 'text', input: { prompt: 'a plan' } } as const;

async function listening() {
  const world = await apiWorld();
  const url = await world.api.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => {
    // fetch opens a connection in advance after one was cut; Node does not count it as idle.
    world.api.server.closeAllConnections();
    return world[Symbol.asyncDispose]();
  });
  const client = new GenwardenClient({ url });
  const answer = async (job: string, output: Json, detail: Partial<TaskDetail> = {}): Promise<void> => {
    await world.claim(job);
    await world.finish(job, 0, (state, now) => succeeded(state, now), { output, ...detail });
  };
  return { ...world, client, answer };
}

async function problemOf(output: Promise<unknown>): Promise<GenwardenOutputError> {
  const thrown: unknown = await output.catch((error: unknown) => error);
  if (thrown instanceof GenwardenOutputError) return thrown;
  throw new Error('not a GenwardenOutputError', { cause: thrown });
}

test('a schema of zod goes to the model as JSON Schema, and its type comes back with the output', async () => {
  const { client, answer, log } = await listening();
  const job = await client.submit(text, { schema: Plan });
  const stored = (await log.read(job.id))!.tasks[0]!.request.input.schema;
  expect(stored).toMatchObject({ type: 'object', required: ['title', 'steps', 'day'] });
  expect(stored).toMatchObject({ properties: { day: { type: 'string' } } });
  const output = job.output();
  await answer(job.id, written);
  expectTypeOf(output).resolves.toEqualTypeOf<z.output<typeof Plan>>();
  expect(await output).toEqual({
    title: 'Hedge',
    steps: [{ name: 'dig', minutes: 5 }],
    day: new Date('2026-03-01'),
  });
});

test('a JSON Schema needs the type in words; without a schema the output is JSON', async () => {
  const { client, answer } = await listening();
  const schema = { type: 'object', properties: { title: { type: 'string' } }, required: ['title'] };
  const job = await client.submit<{ title: string }>(text, { schema });
  await answer(job.id, written);
  const output = await job.output({ task: 0 });
  expectTypeOf(output).toEqualTypeOf<{ title: string }>();
  expect(output.title).toBe('Hedge');
  const plain = await client.submit(text);
  expectTypeOf(plain).toEqualTypeOf<SubmittedJob>();
  expect(plain).not.toHaveProperty('output');
  await answer(plain.id, 'words');
  expectTypeOf(client.output(plain.id)).resolves.toEqualTypeOf<Json>();
  expect(await client.output(plain.id)).toBe('words');
});

test('the output of a job that another program submitted is checked too, also one that is stored as an artifact', async () => {
  const { client, answer, artifacts } = await listening();
  const { id } = await client.submit(text);
  const bytes = Buffer.from(JSON.stringify({ ...written, title: 'long' }));
  const stored = await artifacts.put('default', bytes, 'application/json');
  await answer(id, null, { artifacts: [{ name: 'output', ...stored }] });
  expect((await client.output(id, { schema: Plan })).title).toBe('long');
  const other = await client.submit(text);
  const plain = await artifacts.put('default', Buffer.from('Grüße'), 'text/plain; charset=utf-8');
  await answer(other.id, null, { artifacts: [{ name: 'output', ...plain }] });
  expect(await client.output(other.id)).toBe('Grüße');
});

test('an output that does not match says where', async () => {
  const { client, answer } = await listening();
  const { id } = await client.submit(text);
  await answer(id, { title: 7, steps: [{ name: 'dig', minutes: 'ten' }], day: 'x' });
  const problem = await problemOf(client.output(id, { schema: Plan }));
  expect(problem).toMatchObject({ code: 'OutputMismatch', job: id, task: 0 });
  expect(problem.issues.map(({ path }) => path)).toEqual(['title', 'steps[0].minutes']);
  expect(problem.message).toMatch(/^The output does not match the schema: title: .+; steps\[0\]\.minutes: /);
});

test('a task without an output says why', async () => {
  const { client, claim, finish, answer } = await listening();
  const submitted = async () => (await client.submit(text)).id;
  const [broken, stopped, empty] = [await submitted(), await submitted(), await submitted()];
  await claim(broken);
  const error = taskError('OutputRefused', 'The provider withheld the output (SAFETY)');
  await finish(broken, 0, (state, now) => failed(state, 'OutputRefused', now), { error });
  await claim(stopped);
  await finish(stopped, 0, (state, now) => cancelled(state, now));
  await answer(empty, null);
  expect(await problemOf(client.output(broken))).toMatchObject({
    code: 'OutputRefused',
    message: 'The provider withheld the output (SAFETY)',
    hint: error.hint,
  });
  expect((await problemOf(client.output(stopped))).code).toBe('Cancelled');
  expect((await problemOf(client.output(empty))).code).toBe('NoOutput');
  expect((await problemOf(client.output(empty, { task: 'walkway' }))).code).toBe('TaskNotFound');
});

test('an output in review is an error, or waited for', async () => {
  const { client, claim, finish, clock } = await listening();
  const { id } = await client.submit({ ...text, policy: { review: 'always' } }, { schema: Plan });
  await claim(id);
  await finish(id, 0, (state, now) => toReview(state, now), { output: written });
  expect((await problemOf(client.output(id))).code).toBe('AwaitingReview');
  const approved = client.output(id, { throughReview: true, schema: Plan });
  await client.review(id, 0, { run: 1, decision: 'approve' });
  expect((await approved).title).toBe('Hedge');
  expect(clock.now()).toBeGreaterThan(0);
});

test('a task that has ended is not held up by the others of its job', async () => {
  const { client, answer } = await listening();
  const { id } = await client.submit({ ...text, tasks: [{ name: 'first' }, { name: 'second' }] });
  await answer(id, 'ready');
  expect(await client.output(id, { task: 'first' })).toBe('ready');
});

test('a schema that cannot give its JSON Schema is refused before the submit, unless the request has one', async () => {
  const { client, log, answer } = await listening();
  const { validate } = Plan['~standard'];
  const old = { '~standard': { validate } };
  await expect(client.submit(text, { schema: old })).rejects.toThrow(
    /does not give its JSON Schema: pass that in input/,
  );
  expect(log.stream.size.messages).toBe(0);
  const input = { ...text.input, schema: { type: 'object' } };
  const job = await client.submit({ ...text, input }, { schema: old });
  await answer(job.id, written);
  expect((await job.output()).title).toBe('Hedge');
});
