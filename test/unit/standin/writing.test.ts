// Texts of a wanted length, whole and in the pieces of a stream, which put together are the same text.
import { expect, it, onTestFinished } from 'vitest';
import { piecesOfText, writtenText } from '../../../src/standin/writing.ts';
import { startStandin } from '../../../src/standin/standin.ts';

it.each([1, 45, 46, 47, 48, 1_000, 100_000])('writes %i characters, none of them cut', (length) => {
  const text = writtenText(length);
  expect([text.length, text.isWellFormed()]).toEqual([length, true]);
  const pieces = piecesOfText(text);
  expect(pieces.join('')).toBe(text);
  expect(pieces.every((piece) => piece.isWellFormed())).toBe(true);
  expect(pieces.length).toBeLessThanOrEqual(1_000);
});

it('streams what a marker asks for, with the finish reason in the last event', async () => {
  const standin = await startStandin();
  onTestFinished(() => standin.close());
  const body = JSON.stringify({ contents: [{ parts: [{ text: 'x [standin: write 500 every 1ms]' }] }] });
  const url = `${standin.url}/v1beta/models/gemini-3.1-flash:streamGenerateContent?alt=sse`;
  const response = await fetch(url, { method: 'POST', headers: { 'x-goog-api-key': 'any' }, body });
  const events = (await response.text())
    .trim()
    .split('\r\n\r\n')
    .map((event) => JSON.parse(event.slice(6)));
  const texts = events.map((event) => event.candidates[0].content.parts[0].text as string);
  expect(texts.join('')).toBe(writtenText(500));
  expect(events.flatMap((event) => event.candidates[0].finishReason ?? [])).toEqual(['STOP']);
  expect(events.length).toBeGreaterThan(10);
});
