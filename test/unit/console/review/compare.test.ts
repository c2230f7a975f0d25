// What a result is compared with, and how a text differs from the earlier one.
import { describe, expect, test } from 'vitest';
import type { Artifact } from '../../../../src/client/index.ts';
import { earlierPictures, earlierText, resultPictures } from '../../../../src/console/pages/review/compare.ts';
import { requestFor } from '../../../../src/console/pages/review/decision.ts';
import { difference } from '../../../../src/console/pages/review/diff.ts';

const reference = (index: number, caption: string | null, href: string | null = `/r/${index}`) => ({
  index,
  artifact: null,
  mediaType: 'image/png',
  bytes: 1,
  caption,
  result: null,
  href,
});

describe('pictures', () => {
  test('those of the result are without its thumbnail and metadata', () => {
    const artifacts = [
      { name: 'image', mediaType: 'image/png', href: '/1' },
      { name: 'thumbnail', mediaType: 'image/webp', href: '/2' },
      { name: 'metadata', mediaType: 'application/json', href: '/3' },
      { name: 'image-2', mediaType: 'image/png', href: '/4' },
    ] as Artifact[];
    expect(resultPictures({ artifacts })).toEqual([
      { href: '/1', title: 'image' },
      { href: '/4', title: 'image-2' },
    ]);
  });

  test('the earlier result comes before the references; a reference without bytes is left out', () => {
    const references = [
      reference(0, 'style'),
      reference(1, null),
      reference(2, 'x', null),
      reference(3, 'the earlier result'),
    ];
    expect(earlierPictures({ references })).toEqual([
      { href: '/r/3', title: 'the result before the tweak' },
      { href: '/r/0', title: 'style' },
      { href: '/r/1', title: 'reference 2' },
    ]);
  });
});

describe('the earlier text', () => {
  const tweak = { prompt: 'list plants', instructions: ['more', 'Change it: less'] };
  const prompt = (text: string): string =>
    `list plants\n\nThis is the earlier result:\n${text}\n\nChange it: Change it: less\n\nKeep its earlier changes: more`;

  test('stands between the prompt and the change', () => {
    expect(earlierText({ tweak, prompt: prompt('rose\n\nChange it: Change it: less\n\nsage') })).toBe(
      'rose\n\nChange it: Change it: less\n\nsage',
    );
    expect(earlierText({ tweak, prompt: prompt('{"a":[1]}') })).toBe('{\n  "a": [\n    1\n  ]\n}');
    expect(earlierText({ tweak, prompt: prompt('{broken') })).toBe('{broken');
  });

  test('is unknown without a tweak, or in another form', () => {
    expect(earlierText({ tweak: null, prompt: prompt('x') })).toBeUndefined();
    expect(earlierText({ tweak, prompt: 'list plants' })).toBeUndefined();
  });
});

describe('the difference', () => {
  test('is by words', () => {
    expect(difference('the red fence', 'the low white fence')).toEqual([
      { kind: 'same', text: 'the ' },
      { kind: 'removed', text: 'red' },
      { kind: 'added', text: 'low' },
      { kind: 'same', text: ' ' },
      { kind: 'added', text: 'white ' },
      { kind: 'same', text: 'fence' },
    ]);
    expect(difference('', 'חצר 🏡')).toEqual([{ kind: 'added', text: 'חצר 🏡' }]);
    expect(difference('same', 'same')).toEqual([{ kind: 'same', text: 'same' }]);
  });

  test('holds both texts whole, of long texts by lines, of longer ones not at all', () => {
    const [before, after] = ['a line of words\n'.repeat(1_000), `first\n${'a line of words\n'.repeat(999)}`];
    const pieces = difference(before, after)!;
    const without = (kind: string): string =>
      pieces
        .filter((piece) => piece.kind !== kind)
        .map(({ text }) => text)
        .join('');
    expect([without('added'), without('removed')]).toEqual([before, after]);
    expect(difference('x\n'.repeat(2_000), 'y')).toBeNull();
  });
});

test('the request of a decision has only what was typed for it', () => {
  expect(requestFor(2, 'approve', 'ignored', ' ')).toEqual({ run: 2, decision: 'approve' });
  expect(requestFor(2, 'tweak', ' lower ', ' ok ')).toEqual({
    run: 2,
    decision: 'tweak',
    instruction: 'lower',
    note: 'ok',
  });
  expect(requestFor(2, 'tweak', ' ', '')).toEqual({ run: 2, decision: 'tweak' });
});
