// Text on its way from the model to clients, through real processes: the worker, NATS, two API processes, and the client.

import { expect, test } from 'vitest';
import { GenwardenClient, type TextPiece } from '../../../src/client/index.ts';
import { writtenText } from '../../../src/standin/writing.ts';
import { startInstallation } from '../../support/installation.ts';
import { until } from '../../support/until.ts';

function reading(pieces: AsyncIterable<TextPiece>) {
  const seen: TextPiece[] = [];
  const ended = (async () => {
    for await (const piece of pieces) seen.push(piece);
    return seen.reduce((text, piece) => text.slice(0, piece.offset) + piece.text, '');
  })();
  return { seen, ended };
}

test('text reaches clients of every API process while the model writes it, early and late ones', async () => {
  const { client, start } = await startInstallation();
  const second = await start('api');
  const url = /API on (http:\S+?)["\s]/.exec(second.lines.join('\n'))![1]!;
  const prompt = 'a long letter [standin: write 4000 every 20ms]';
  const { id } = await client.submit({ kind: 'text', input: { prompt } });
  const early = reading(client.text(id));
  await until(() => early.seen.length > 1, { what: 'the first pieces' });
  expect((await client.get(id)).state).toBe('running');
  const late = reading(new GenwardenClient({ url }).text(id));
  await until(() => late.seen.length > 0, { what: 'the text so far' });
  expect(late.seen[0]!.offset).toBe(0);
  expect((await client.get(id)).state).toBe('running');
  const text = writtenText(4_000);
  expect(await early.ended).toBe(text);
  expect(await late.ended).toBe(text);
  expect(await client.output(id)).toBe(text);
  expect(early.seen.length).toBeGreaterThan(5);
});
