// The contract of every transport of partial texts: pieces reach all watchers of their job in order, and requests its workers.
import { expect, test } from 'vitest';
import type { PartialText, TextRequest } from '../../src/ports/partialTexts.ts';
import { until } from '../support/until.ts';
import { onEachAdapter } from './ports.ts';

const job = 'a'.repeat(26);

const piece = (offset: number, text: string, over: Partial<PartialText> = {}): PartialText => ({
  worker: 'w-1',
  pool: 'front',
  job,
  task: 3,
  run: 2,
  attempt: 1,
  claim: 17,
  call: 1,
  offset,
  text,
  progress: 0.25,
  ...over,
});

onEachAdapter((open) => {
  test('pieces reach every watcher of the job in order and unchanged, and no watcher of another job', async () => {
    const installation = open();
    const [worker, one, two] = [
      await installation.process(),
      await installation.process(),
      await installation.process(),
    ];
    const seen: PartialText[][] = [[], [], []];
    one.texts().watch(job, (text) => seen[0]!.push(text));
    two.texts().watch(job, (text) => seen[1]!.push(text));
    two.texts().watch('b'.repeat(26), (text) => seen[2]!.push(text));
    const texts = worker.texts();
    const pieces = ['Grüße', ' 🌱', '\n"{}"\u0000', '\ud83c', '\udf31 …'].map((text, at) => piece(at, text));
    await until(
      () => {
        // A subscription may still be on its way.
        texts.send(piece(0, 'first', { claim: 1 }));
        return seen[0]!.length > 0 && seen[1]!.length > 0;
      },
      { what: 'the first piece' },
    );
    for (const next of pieces) expect(texts.send(next)).toBe(true);
    const last = (all: readonly PartialText[]) => all.filter(({ claim }) => claim === 17);
    await until(() => last(seen[0]!).length === 5 && last(seen[1]!).length === 5, { what: 'all pieces' });
    expect(last(seen[0]!)).toEqual(pieces);
    expect(last(seen[1]!)).toEqual(pieces);
    expect(seen[2]).toEqual([]);
  });

  test('a watcher that has stopped receives nothing more; the others do', async () => {
    const process = await open().process();
    const texts = process.texts();
    const seen: [string, number][] = [];
    const stop = texts.watch(job, ({ offset }) => seen.push(['stopped', offset]));
    texts.watch(job, ({ offset }) => seen.push(['watching', offset]));
    texts.send(piece(0, 'a'));
    await until(() => seen.length === 2, { what: 'the first piece at both' });
    stop();
    texts.send(piece(1, 'b'));
    await until(() => seen.length === 3, { what: 'the second piece' });
    expect(seen[2]).toEqual(['watching', 1]);
  });

  test('a request reaches the workers of the job until they have stopped listening', async () => {
    const installation = open();
    const [worker, watcher] = [(await installation.process()).texts(), (await installation.process()).texts()];
    const heard: TextRequest[] = [];
    const others: TextRequest[] = [];
    const stop = worker.onAsked(job, (request) => heard.push(request));
    worker.onAsked('b'.repeat(26), (request) => others.push(request));
    await until(
      () => {
        watcher.ask(job, {});
        return heard.length > 0;
      },
      { what: 'the first request' },
    );
    expect(heard[0]).toEqual({});
    watcher.ask(job, { task: 3, from: 1_024 });
    await until(() => heard.some(({ from }) => from === 1_024), { what: 'the request for the rest' });
    expect(heard.at(-1)).toEqual({ task: 3, from: 1_024 });
    stop();
    const count = heard.length;
    watcher.ask(job, { task: 1 });
    watcher.ask('b'.repeat(26), { task: 9 });
    await until(() => others.length > 0, { what: 'a later request of another job' });
    expect(heard).toHaveLength(count);
  });
});
