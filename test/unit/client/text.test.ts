// `client.text`: the pieces of one task, each once, through reconnects and attempts, and the rest from its output.
import { expect, onTestFinished, test } from 'vitest';
import { GenwardenClient, type TextPiece } from '../../../src/client/index.ts';
import { failed, requeued, succeeded } from '../../../src/job/transitions.ts';
import { taskError } from '../../../src/job/errors/index.ts';
import { apiWorld } from '../../fakes/apiWorld.ts';
import { fakePartialTexts } from '../../fakes/partialTexts.ts';
import { until } from '../../support/until.ts';

async function reading(tasks: { name: string }[] = [{ name: 'story' }]) {
  const texts = fakePartialTexts();
  const world = await apiWorld({ texts });
  const url = await world.api.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => {
    // fetch opens a connection in advance after one was cut; Node does not count it as idle.
    world.api.server.closeAllConnections();
    return world[Symbol.asyncDispose]();
  });
  const client = new GenwardenClient({ url });
  const { id } = await client.submit({ kind: 'text', input: { prompt: 'a story' }, tasks });
  const write = (claim: number, offset: number, text: string, over: object = {}): void => {
    const about = { worker: 'worker-1', pool: 'default', job: id, task: 0, run: 1, attempt: 1, call: 1, progress: 0 };
    texts.send({ ...about, claim, offset, text, ...over });
  };
  return { ...world, texts, client, id, write };
}

function collect(source: AsyncIterable<TextPiece>) {
  const pieces: TextPiece[] = [];
  const ended = (async () => {
    for await (const piece of source) pieces.push(piece);
  })();
  const shown = (): string => pieces.reduce((text, { offset, text: piece }) => text.slice(0, offset) + piece, '');
  ended.catch(() => undefined);
  return { pieces, ended, shown };
}

test('yields each piece as it comes, and what is missing from the output', async () => {
  const { client, id, claim, finish, write, texts } = await reading();
  const { pieces, ended, shown } = collect(client.text(id));
  await until(() => texts.watched().length === 1, { what: 'the watcher' });
  const { sequence } = await claim(id);
  write(sequence, 0, 'Once');
  await until(() => shown() === 'Once', { what: 'the first piece' });
  write(sequence, 4, ' upon');
  await until(() => shown() === 'Once upon', { what: 'the second piece' });
  await finish(id, 0, (state, now) => succeeded(state, now), { output: 'Once upon a time' });
  await ended;
  expect(pieces).toEqual([
    { run: 1, attempt: 1, offset: 0, text: 'Once' },
    { run: 1, attempt: 1, offset: 4, text: ' upon' },
    { run: 1, attempt: 1, offset: 9, text: ' a time' },
  ]);
});

test('a task that has its text already yields it whole; another task of the job says nothing', async () => {
  const { client, id, claim, finish } = await reading([{ name: 'story' }, { name: 'title' }]);
  await claim(id, 1);
  await finish(id, 1, (state, now) => succeeded(state, now), { output: 'A Hedge' });
  const { pieces, ended } = collect(client.text(id, 'title'));
  await ended;
  expect(pieces).toEqual([{ run: 1, attempt: 1, offset: 0, text: 'A Hedge' }]);
});

test('a second attempt begins at offset 0; pieces that a lost connection repeats are skipped', async () => {
  const { client, id, claim, finish, write, texts, api } = await reading();
  const { pieces, ended, shown } = collect(client.text(id, 'story'));
  await until(() => texts.watched().length === 1, { what: 'the watcher' });
  const first = await claim(id);
  write(first.sequence, 0, 'A draft');
  await until(() => shown() === 'A draft', { what: 'the draft' });
  texts.onAsked(id, () => write(first.sequence, 0, 'A draft'));
  const asked = texts.asked.length;
  api.server.closeAllConnections();
  await until(() => texts.asked.length > asked, { what: 'the new connection to ask for the text so far' });
  write(first.sequence, 7, ' of it');
  await until(() => shown() === 'A draft of it', { what: 'the continuation' });
  await finish(id, 0, (state, now) => requeued(state, 'RetryDue', 'counts', now));
  const second = await claim(id);
  write(second.sequence, 0, 'A tale', { attempt: 2 });
  await until(() => shown() === 'A tale', { what: 'the second attempt' });
  await finish(id, 0, (state, now) => succeeded(state, now), { output: 'A tale' });
  await ended;
  expect(pieces.map(({ attempt, offset, text }) => [attempt, offset, text])).toEqual([
    [1, 0, 'A draft'],
    [1, 7, ' of it'],
    [2, 0, 'A tale'],
  ]);
});

test('a task that fails throws its error after its pieces', async () => {
  const { client, id, claim, finish, write, texts } = await reading();
  const { ended, shown } = collect(client.text(id));
  await until(() => texts.watched().length === 1, { what: 'the watcher' });
  const { sequence } = await claim(id);
  write(sequence, 0, 'Once');
  await until(() => shown() === 'Once', { what: 'the first piece' });
  const error = taskError('OutputRefused', 'The provider withheld the output (SAFETY)');
  await finish(id, 0, (state, now) => failed(state, 'OutputRefused', now), { error });
  await expect(ended).rejects.toMatchObject({ name: 'GenwardenOutputError', code: 'OutputRefused', job: id });
});

test('the text of a schema answer is its JSON; an unknown task is an error', async () => {
  const { client, id, claim, finish, write, texts } = await reading();
  const { pieces, ended, shown } = collect(client.text(id));
  await until(() => texts.watched().length === 1, { what: 'the watcher' });
  const { sequence } = await claim(id);
  write(sequence, 0, '{"a":1}');
  await until(() => shown() === '{"a":1}', { what: 'the JSON' });
  await finish(id, 0, (state, now) => succeeded(state, now), { output: { a: 1 } });
  await ended;
  expect(pieces).toHaveLength(1);
  await expect(collect(client.text(id, 'walkway')).ended).rejects.toMatchObject({ code: 'TaskNotFound' });
});
