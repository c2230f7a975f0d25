// The text of running tasks in the events of a job: as progress, for late and returning clients from the start, for no other tenant.
import { expect, onTestFinished, test } from 'vitest';
import type { ApiOptions } from '../../../src/api/app.ts';
import { succeeded } from '../../../src/job/transitions.ts';
import type { PartialText } from '../../../src/ports/partialTexts.ts';
import { apiWorld } from '../../fakes/apiWorld.ts';
import { fakePartialTexts, type FakePartialTexts } from '../../fakes/partialTexts.ts';
import { EventStreamReader, type Received } from '../../support/eventStreamReader.ts';
import { until } from '../../support/until.ts';

async function textWorld(over: Partial<ApiOptions> = {}) {
  const texts = fakePartialTexts();
  const world = await apiWorld({ texts, ...over });
  const url = await world.api.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => world[Symbol.asyncDispose]());
  const submit = async () => (await world.post('/v1/jobs', { kind: 'text', input: { prompt: 'p' } })).json.id as string;
  return Object.assign(world, { url, texts, submitText: submit });
}

/** A worker that writes, and answers requests as the real one does. */
function writer(texts: FakePartialTexts, job: string, claim: number) {
  let text = '';
  const about = {
    worker: 'worker-1',
    pool: 'default',
    job,
    task: 0,
    run: 1,
    attempt: 1,
    claim,
    call: 1,
    progress: 0.25,
  };
  const send = (from: number): void => void texts.send({ ...about, offset: from, text: text.slice(from) });
  onTestFinished(texts.onAsked(job, ({ from = 0 }) => text.length > from && send(from)));
  return {
    write: (piece: string, over: Partial<PartialText> = {}) => {
      text += piece;
      texts.send({ ...about, offset: text.length - piece.length, text: piece, ...over });
    },
  };
}

/** The text as a client shows it. */
const shownBy = (all: readonly Received[]): string =>
  all.reduce((text, { data }) => (data.partial ? text.slice(0, data.partial.offset) + data.partial.text : text), '');

test('each piece is a progress event with its place; the events of all jobs have none', async () => {
  const world = await textWorld();
  const job = await world.submitText();
  const [listener, all] = await Promise.all([
    EventStreamReader.open(`${world.url}/v1/jobs/${job}/events`),
    EventStreamReader.open(`${world.url}/v1/events`),
  ]);
  await listener.until((received) => received.length === 1, 'the snapshot');
  const { sequence } = await world.claim(job);
  const { write } = writer(world.texts, job, sequence);
  write('Grüße ');
  await listener.until((received) => shownBy(received) === 'Grüße ', 'the first piece');
  write('🌱');
  await listener.until((received) => shownBy(received) === 'Grüße 🌱', 'the second piece');
  expect(listener.of('progress').map(({ id, data }) => [id, data])).toEqual([
    [
      undefined,
      { job, task: 0, worker: 'worker-1', progress: 0.25, partial: { run: 1, attempt: 1, offset: 0, text: 'Grüße ' } },
    ],
    [
      undefined,
      { job, task: 0, worker: 'worker-1', progress: 0.25, partial: { run: 1, attempt: 1, offset: 6, text: '🌱' } },
    ],
  ]);
  await world.finish(job, 0, (state, now) => succeeded(state, now), { output: 'Grüße 🌱' });
  await until(() => listener.ended, { what: 'the end of the stream' });
  expect(world.texts.watched()).toEqual([]);
  expect(all.of('progress')).toEqual([]);
});

test('a client that comes in the middle, or comes back with the last id, gets the text from the start', async () => {
  const world = await textWorld();
  const job = await world.submitText();
  const { sequence } = await world.claim(job);
  const { write } = writer(world.texts, job, sequence);
  write('so far');
  const late = await EventStreamReader.open(`${world.url}/v1/jobs/${job}/events`);
  await late.until((received) => shownBy(received) === 'so far', 'the text so far');
  const id = late.received.find((one) => one.id !== undefined)!.id!;
  late.stop();
  await until(() => world.texts.watched().length === 0, { what: 'the end of the stream' });
  write(', so good');
  const back = await EventStreamReader.open(`${world.url}/v1/jobs/${job}/events`, id);
  await back.until((received) => shownBy(received) === 'so far, so good', 'the whole text');
  expect(back.of('progress')[0]!.data.partial.offset).toBe(0);
});

test('a lost message is healed by a request', async () => {
  const world = await textWorld();
  const job = await world.submitText();
  const { sequence } = await world.claim(job);
  const { write } = writer(world.texts, job, sequence);
  const listener = await EventStreamReader.open(`${world.url}/v1/jobs/${job}/events`);
  await until(() => world.texts.watched().length === 1, { what: 'the watcher' });
  write('one ');
  world.texts.losing = true;
  write('two ');
  world.texts.losing = false;
  write('three');
  await listener.until((received) => shownBy(received) === 'one two three', 'the whole text');
  const offsets = listener.of('progress').map(({ data }) => data.partial.offset);
  expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
});

test('an image job has no watcher', async () => {
  const world = await textWorld();
  const image = await world.submit();
  const listener = await EventStreamReader.open(`${world.url}/v1/jobs/${image}/events`);
  await listener.until((received) => received.length === 1, 'the snapshot');
  await world.claim(image);
  await listener.until((received) => received.length >= 3, 'the events');
  expect(world.texts.watched()).toEqual([]);
});

test('another tenant cannot watch the text of a job', async () => {
  const world = await textWorld();
  const job = await world.submitText();
  await world.claim(job);
  const answer = await world.get(`/v1/jobs/${job}/events`, { 'genwarden-namespace': 'acme' });
  expect(answer.json.code).toBe('JobNotFound');
  expect(world.texts.watched()).toEqual([]);
});

test('a client that reads nothing costs a bounded buffer, and another one of the same job is not held up', async () => {
  const world = await textWorld({ events: { stalledMs: 60_000 } });
  const job = await world.submitText();
  const { sequence } = await world.claim(job);
  const { write } = writer(world.texts, job, sequence);
  const stuck = new AbortController();
  onTestFinished(() => stuck.abort());
  const unread = await fetch(`${world.url}/v1/jobs/${job}/events`, { signal: stuck.signal });
  const listener = await EventStreamReader.open(`${world.url}/v1/jobs/${job}/events`);
  await until(() => world.texts.watched().length === 1, { what: 'the watcher' });
  await listener.until((received) => received.length >= 1, 'the snapshot');
  const line = `${'x'.repeat(9_999)}\n`;
  for (let count = 1; count <= 100; count += 1) {
    write(line);
    await listener.until((received) => shownBy(received).length >= count * line.length, 'a line');
  }
  expect(shownBy(listener.received)).toBe(line.repeat(100));
  expect(unread.status).toBe(200);
});
