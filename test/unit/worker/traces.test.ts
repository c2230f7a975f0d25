// The spans of an attempt, and the trace that its messages carry on.

import { expect, test } from 'vitest';
import { AttemptFailed, taskError } from '../../../src/job/errors/index.ts';
import { fakeTracer } from '../../fakes/tracer.ts';
import { made } from '../../fakes/provider.ts';
import { startWorld } from '../../fakes/workerWorld.ts';
import { until } from '../../support/until.ts';

const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const context = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', flags: 1 };

test('an attempt has spans for its wait, its call, its artifacts and its status', async () => {
  const tracer = fakeTracer();
  const world = startWorld(() => Promise.resolve(made('a long text '.repeat(30_000))), {
    tracer,
    baseUrl: 'http://standin.example:8089',
  });
  world.submit({ of: { trace, kind: 'text' } });
  await until(() => tracer.named('attempt')[0]?.ended === true, { what: 'the end of the attempt' });
  const [attempt] = tracer.named('attempt');
  expect(attempt).toMatchObject({ kind: 'consumer', parent: context, links: [], failure: undefined });
  expect(attempt!.attributes).toMatchObject({ 'genwarden.outcome': 'succeeded', 'genwarden.attempt': 1 });
  expect(tracer.named('wait in queue')).toMatchObject([{ parent: context, ended: true }]);
  const [call] = tracer.spans.filter(({ kind, name }) => kind === 'client' && name !== 'put artifact');
  expect(call).toMatchObject({ parent: attempt!.context, ended: true });
  expect(call!.attributes).toMatchObject({ 'server.address': 'standin.example', 'server.port': 8_089 });
  expect(tracer.named('put artifact')).toMatchObject([{ parent: attempt!.context, ended: true }]);
  expect(tracer.named('write status')).toMatchObject([{ parent: attempt!.context, ended: true }]);
  const states = world.log.entries.map(({ state }) => state);
  expect(states.map(({ attemptSpan }) => attemptSpan)).toEqual([
    undefined,
    attempt!.context.spanId,
    attempt!.context.spanId,
  ]);
  expect(states.every(({ of }) => of.trace === trace)).toBe(true);
  await world.worker.drain();
});

test("a failed call has the error's code, never its words", async () => {
  const tracer = fakeTracer();
  const words = 'the prompt was: a red house';
  const world = startWorld(
    () => Promise.reject(new AttemptFailed(taskError('RequestRefused', words, { provider: { status: 400 } }))),
    { tracer },
  );
  world.submit({ of: { trace, kind: 'text' } });
  await until(() => tracer.named('attempt')[0]?.ended === true, { what: 'the end of the attempt' });
  expect(tracer.named('attempt')).toMatchObject([{ failure: 'RequestRefused' }]);
  const [call] = tracer.spans.filter(({ kind }) => kind === 'client');
  expect(call).toMatchObject({ failure: 'RequestRefused', attributes: { 'http.response.status_code': 400 } });
  expect(JSON.stringify(tracer.spans)).not.toContain('red house');
  await world.worker.drain();
});

test('a job without a trace has no spans', async () => {
  const tracer = fakeTracer();
  const world = startWorld(() => Promise.resolve(made()), { tracer });
  world.submit({ of: { kind: 'text' } });
  await until(() => world.log.entries.at(-1)?.state.state === 'succeeded', { what: 'the success' });
  expect(tracer.spans).toEqual([]);
  await world.worker.drain();
});
