// Templates in texts, and paths into outputs.

import { describe, expect, test } from 'vitest';
import { parsePath, valueAt } from '../../../../src/job/chains/path.ts';
import { expanded, templateOf, textOf } from '../../../../src/job/chains/template.ts';

const names = new Set(['storyboard', 'a.output[0]', 'two words']);

describe('templates', () => {
  test.each([
    ['{{tasks.storyboard.output}}', 'storyboard', []],
    ['{{ tasks.storyboard.output.beats[0].title }}', 'storyboard', ['beats', 0, 'title']],
    ['{{tasks.storyboard.output["a key"]["b.c"]}}', 'storyboard', ['a key', 'b.c']],
    ['{{tasks.two words.output.größe}}', 'two words', ['größe']],
    ['{{tasks.a.output[0].output.output}}', 'a.output[0]', ['output']],
  ])('%s', (text, task, path) => {
    expect(templateOf(`x ${text} y`, names)).toEqual({
      problems: [],
      uses: [{ task, path, text: text.replace(/^\{\{\s*|\s*\}\}$/g, ''), start: 2, end: 2 + text.length }],
    });
  });

  test.each(['{{name}}', '{{ task.storyboard.output }}', '{tasks.storyboard.output}', '}} {{', '{{', '{{{{}}}}'])(
    'other text is literal: %s',
    (text) => expect(templateOf(text, names)).toEqual({ uses: [], problems: [] }),
  );

  test.each([
    ['{{tasks.front.output}}', 'uses tasks.front.output, but after does not list front'],
    ['{{tasks.storyboard.artifacts}}', 'which is not of the form {{tasks.NAME.output}}'],
    ['{{tasks.storyboard.output.}}', 'which is not of the form'],
    ['{{tasks.storyboard.output.a..b}}', 'which is not of the form'],
    ['{{tasks.storyboard.output[-1]}}', 'which is not of the form'],
    ['{{tasks.storyboard.outputs}}', 'which is not of the form'],
    ['{{tasks.storyboard.output', 'has {{tasks. without its end'],
    ['{{tasks.storyboard{{tasks.storyboard.output}}', 'has {{tasks. without its end'],
  ])('%s is refused', (text, words) => {
    const { problems } = templateOf(text, names);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(words);
  });

  test('values are inserted once and never expanded again', () => {
    const text = 'A {{tasks.storyboard.output.a}} B {{tasks.storyboard.output.b}} C {{other}}';
    const { uses } = templateOf(text, names);
    const values = ['{{tasks.storyboard.output.b}}', '$1 $& {{x}}'];
    expect(expanded(text, uses, values)).toBe('A {{tasks.storyboard.output.b}} B $1 $& {{x}} C {{other}}');
  });

  test('text behind the end of the template is literal', () => {
    const text = '{{tasks.storyboard.output}} {{tasks.storyboard.output}}';
    expect(templateOf(text, names, 27).uses).toHaveLength(1);
    expect(templateOf(text, names, 26)).toMatchObject({ uses: [], problems: [expect.anything()] });
  });

  test('a hostile text costs time in proportion to its length', () => {
    const texts = [
      '{{'.repeat(16_000),
      '{{ '.repeat(10_000),
      '{{tasks.'.repeat(4_000),
      `{{tasks.${'.output'.repeat(4_000)}}}`,
    ];
    for (const text of texts) expect(templateOf(text, names).uses).toEqual([]);
  });

  test('text is inserted as it is, everything else as JSON', () => {
    expect([textOf('a "b"'), textOf(1.5), textOf(null), textOf([1, 'x']), textOf({ a: true })]).toEqual([
      'a "b"',
      '1.5',
      'null',
      '[1,"x"]',
      '{"a":true}',
    ]);
  });
});

describe('paths', () => {
  const output = { beats: [{ title: 'Dawn' }, { title: 'Noon' }], note: null, constructor2: 1 };

  test('lead to a value', () => {
    expect(valueAt(output, parsePath('.beats[1].title')!)).toEqual({ value: 'Noon' });
    expect(valueAt(output, [])).toEqual({ value: output });
    expect(valueAt(output, ['note'])).toEqual({ value: null });
  });

  test.each([
    ['.beats[2]', 'output.beats has 2 items'],
    ['.beats.title', 'output.beats has 2 items'],
    ['.beats[0].titel', 'output.beats[0] has the fields title'],
    ['.note.x', 'output.note is null'],
    ['.beats[0].title.x', 'output.beats[0].title is a string'],
    ['.constructor', 'output has the fields beats, note, constructor2'],
    ['.__proto__', 'output has the fields beats, note, constructor2'],
    ['[0]', 'output has the fields beats, note, constructor2'],
  ])('%s is missing, and there is something else', (path, missing) => {
    expect(valueAt(output, parsePath(path)!)).toEqual({ missing });
  });

  test('long lists of fields are shortened', () => {
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`f${index}`, 0]));
    expect(valueAt(many, ['x'])).toEqual({
      missing: `output has the fields f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, and 2 more`,
    });
  });
});
