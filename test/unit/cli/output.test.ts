// The output of commands: tables, ages, progress bars, YAML, and colours only on terminals.

import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ageOf, formatBytes, shortDuration, timeBetween, untilTime } from '../../../src/cli/output/format.ts';
import { progressBar } from '../../../src/cli/client/watch/bars.ts';
import { cut, hanging, pad, printable, wrapped } from '../../../src/cli/output/text.ts';
import { errorLines } from '../../../src/cli/output/errorLines.ts';
import { paintFor, paintState } from '../../../src/cli/output/colours.ts';
import { renderTable, type Column } from '../../../src/cli/output/table.ts';
import { yamlOf } from '../../../src/cli/output/print.ts';

interface Row {
  name: string;
  count: number | null;
  note?: string;
}

const columns: Column<Row>[] = [
  { title: 'NAME', value: (row) => row.name },
  { title: 'COUNT', value: (row) => row.count, align: 'right' },
  { title: 'NOTE', value: (row) => row.note, wide: true },
];

describe('tables', () => {
  const rows: Row[] = [
    { name: 'a', count: 7, note: 'first' },
    { name: 'lång', count: null },
    { name: '図面', count: 1200 },
  ];

  test('columns line up, numbers are right-aligned, and no blanks follow the last cell', () => {
    expect(renderTable(rows, columns)).toEqual(['NAME  COUNT', 'a         7', 'lång      -', '図面   1200']);
  });

  test('wide adds its columns', () => {
    expect(renderTable(rows.slice(0, 2), columns, { wide: true })).toEqual([
      'NAME  COUNT  NOTE',
      'a         7  first',
      'lång      -  -',
    ]);
  });

  test('no rows leave the titles', () => {
    expect(renderTable([], columns)).toEqual(['NAME  COUNT']);
  });

  test('no line is longer than the terminal, whatever it contains', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ name: fc.string({ unit: 'grapheme' }), count: fc.integer(), note: fc.string() })),
        fc.integer({ min: 1, max: 60 }),
        (some, width) => {
          for (const line of renderTable(some, columns, { wide: true, width })) {
            expect(stringWidth(line)).toBeLessThanOrEqual(width);
          }
        },
      ),
    );
  });

  describe('on a narrow terminal', () => {
    interface Wait {
      id: string;
      name: string;
      kind: string;
      reason: string;
    }
    const waits: Wait[] = [
      { id: 'k3v9', name: 'the front yard', kind: 'image', reason: 'no worker serves pool default' },
      { id: 'm4x2', name: '図面図面図面', kind: 'text', reason: '' },
    ];
    const flexible: Column<Wait>[] = [
      { title: 'JOB', value: ({ id }) => id },
      { title: 'KIND', value: ({ kind }) => kind, drop: 2 },
      { title: 'REASON', value: ({ reason }) => reason, wrap: 16, drop: 1 },
      { title: 'NAME', value: ({ name }) => name, min: 6, drop: 0 },
    ];

    test.each([
      [
        61,
        [
          'JOB   KIND   REASON                         NAME',
          'k3v9  image  no worker serves pool default  the front yard',
          'm4x2  text   -                              図面図面図面',
        ],
      ],
      [
        54,
        [
          'JOB   KIND   REASON                         NAME',
          'k3v9  image  no worker serves pool default  the front…',
          'm4x2  text   -                              図面図面…',
        ],
      ],
      [
        38,
        [
          'JOB   KIND   REASON             NAME',
          'k3v9  image  no worker serves   the f…',
          '             pool default',
          'm4x2  text   -                  図面…',
        ],
      ],
      [
        30,
        [
          'JOB   REASON            NAME',
          'k3v9  no worker serves  the f…',
          '      pool default',
          'm4x2  -                 図面…',
        ],
      ],
      [20, ['JOB   NAME', 'k3v9  the front yard', '  no worker serves', '  pool default', 'm4x2  図面図面図面']],
      [9, ['JOB', 'k3v9', '  no', '  worker', '  serves', '  pool', '  default', 'm4x2']],
    ])(
      'names are cut before messages wrap, go below their row, or columns of less use are left out: %i columns',
      (width, lines) => {
        expect(renderTable(waits, flexible, { width })).toEqual(lines);
      },
    );

    test('an optional column is shown on a terminal if a row has a value, and in the wide table', () => {
      const optional: Column<Row>[] = [columns[0]!, { title: 'NOTE', value: ({ note }) => note, optional: true }];
      expect(renderTable([rows[1]!], optional, { width: 80 })).toEqual(['NAME', 'lång']);
      expect(renderTable([rows[0]!], optional, { width: 80 })).toEqual(['NAME  NOTE', 'a     first']);
      expect(renderTable([rows[0]!], optional)).toEqual(['NAME', 'a']);
      expect(renderTable([rows[1]!], optional, { wide: true })).toEqual(['NAME  NOTE', 'lång  -']);
    });
  });

  test('text from clients cannot move the cursor, ring the bell or break the line', () => {
    const [, line] = renderTable([{ name: '\u001b[2J\u0007evil\r\nname\u202e', count: 1 }], columns);
    expect(line).toBe('�[2J�evil name�      1');
  });

  test('a cell is coloured after it was measured', () => {
    const painted = columns.map((column) => ({ ...column, paint: (text: string) => `<${text}>` }));
    expect(renderTable(rows.slice(0, 1), painted)).toEqual(['NAME  COUNT', '<a   >  <    7>']);
  });
});

test('cut and pad count the columns of a terminal', () => {
  expect(['abc', '図', 'é', 'e\u0301', '👩‍👩‍👧', ''].map((text) => stringWidth(text))).toEqual([3, 2, 1, 1, 2, 0]);
  expect(cut('abcdef', 4)).toBe('abc…');
  expect(cut('図面図面', 4)).toBe('図…');
  expect(cut('abc', 3)).toBe('abc');
  expect(cut('abc', 0)).toBe('');
  expect(pad('図', 4)).toBe('図  ');
  expect(pad('7', 3, 'right')).toBe('  7');
  expect(printable('a\tb\nc')).toBe('a b c');
});

test('longer texts break at words, and hang below their start', () => {
  expect(wrapped('no worker serves pool default', 12)).toEqual(['no worker', 'serves pool', 'default']);
  expect(wrapped('  indented code', 10)).toEqual(['  indented', 'code']);
  expect(wrapped('図面図面 averyverylongword', 6)).toEqual(['図面図', '面', 'averyv', 'erylon', 'gword']);
  expect(wrapped('one\n\ntwo', 10)).toEqual(['one', '', 'two']);
  expect(hanging('  why   ', 'No worker serves it', 18)).toEqual(['  why   No worker', '        serves it']);
  expect(hanging('task 1 (front-yard): ', 'No worker serves it', 24)).toEqual([
    'task 1 (front-yard):',
    '    No worker serves it',
  ]);
  expect(hanging('do ', 'all\nof it', undefined)).toEqual(['do all of it']);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), fc.integer({ min: 6, max: 40 }), (head, text, width) => {
      for (const line of hanging(printable(head), text, width)) expect(stringWidth(line)).toBeLessThanOrEqual(width);
    }),
  );
});

test('an error breaks at words on a terminal; a list in it stays a list', () => {
  const error = {
    message: 'k3 is the beginning of several ids:\n  k3v9  failed\n  k3x7  \u001b[2J',
    code: 'AmbiguousId',
  };
  expect(errorLines({}, { ...error, more: ['/model: is unknown'], hint: 'Give more characters of the id.' })).toEqual([
    'genwarden: k3 is the beginning of several ids:',
    '  k3v9  failed',
    '  k3x7  �[2J',
    '  /model: is unknown',
    '  AmbiguousId: Give more characters of the id.',
  ]);
  expect(errorLines({ isTTY: true, columns: 30 }, { ...error, hint: 'Give more characters of the id.' })).toEqual([
    'genwarden: k3 is the beginning',
    '           of several ids:',
    '  k3v9  failed',
    '  k3x7  �[2J',
    '  AmbiguousId: Give more',
    '  characters of the id.',
  ]);
});

test('ages and durations are short', () => {
  const seconds = [0, 45, 119, 120, 7_199, 7_200, 172_799, 172_800].map((count) => shortDuration(count * 1_000));
  expect(seconds).toEqual(['0s', '45s', '119s', '2m', '119m', '2h', '47h', '2d']);
  const now = Date.parse('2026-01-01T00:10:00Z');
  expect(ageOf('2026-01-01T00:07:00Z', now)).toBe('3m');
  expect(ageOf('2026-01-01T00:11:00Z', now)).toBe('0s');
  expect([ageOf(null, now), ageOf('never', now), untilTime(null, now), timeBetween(null, null, now)]).toEqual([
    '',
    '',
    '',
    '',
  ]);
  expect(untilTime('2026-01-01T00:13:00Z', now)).toBe('in 3m');
  expect(untilTime('2026-01-01T00:09:30Z', now)).toBe('30s ago');
  expect(timeBetween('2026-01-01T00:00:00Z', '2026-01-01T00:00:08Z', now)).toBe('8s');
  expect([0, 1023, 1024, 1_958_967].map(formatBytes)).toEqual(['0 B', '1023 B', '1.0 KiB', '1.9 MiB']);
});

test('a progress bar is full only at 100%', () => {
  expect(progressBar(0.6, 10)).toBe('██████░░░░  60%');
  expect(progressBar(0.999, 4)).toBe('███░  99%');
  expect(progressBar(1, 4)).toBe('████ 100%');
  expect([progressBar(-1, 2), progressBar(7, 2), progressBar(Number.NaN, 2)]).toEqual([
    '░░   0%',
    '██ 100%',
    '░░   0%',
  ]);
});

test('colours appear only on terminals without NO_COLOR', () => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true });
  const failed = (env: Record<string, string>, stream: PassThrough = terminal): string =>
    paintState(paintFor({ env }, stream), 'failed');
  expect(failed({})).toBe('\u001b[31mfailed\u001b[39m');
  expect(failed({ NO_COLOR: '' })).toBe('\u001b[31mfailed\u001b[39m');
  expect(failed({ NO_COLOR: '1' })).toBe('failed');
  expect(failed({ TERM: 'dumb' })).toBe('failed');
  expect(failed({}, new PassThrough())).toBe('failed');
});

describe('YAML', () => {
  test('collections are blocks, and ambiguous strings are quoted', () => {
    const data = {
      name: 'front-yard',
      empty: { list: [], object: {}, text: '', none: null, gone: undefined },
      nested: [{ b: 1, c: [[1, 2], []] }, 'x: y', 'yes', '0x1', '2026-01-01', '- a', ' b', 'null'],
      n: 0.8,
      lines: 'one\ntwo\u0085\u2028',
      prompt: 'a yard\nin spring',
    };
    expect(yamlOf(data)).toBe(`name: front-yard
empty:
  list: []
  object: {}
  text: ""
  none: null
nested:
  - b: 1
    c:
      - - 1
        - 2
      - []
  - "x: y"
  - "yes"
  - "0x1"
  - "2026-01-01"
  - "- a"
  - " b"
  - "null"
"n": 0.8
lines: "one\\ntwo\\u0085\\u2028"
prompt: |-
  a yard
  in spring
`);
  });

  test('a single value is a document', () => {
    expect([yamlOf(null), yamlOf([]), yamlOf('a b'), yamlOf(true)]).toEqual(['null\n', '[]\n', 'a b\n', 'true\n']);
  });

  test.each(['1.1', '1.2'] as const)('every text and key is read back unchanged by YAML %s parsers', (version) => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, key) => {
        const written = yamlOf({ text, nested: [{ [key]: text }] });
        expect(parse(written, { version })).toEqual({ text, nested: [{ [key]: text }] });
        // YAML 1.2, 5.1: a parser need not accept these; the one used here does.
        expect(written).not.toMatch(/(?![\n\t])[\p{Cc}\ufffe\uffff]/u);
      }),
    );
  });
});
