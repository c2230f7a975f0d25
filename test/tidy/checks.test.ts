// Tests of the tidiness checks: each catches a planted violation and accepts a similar text that is allowed.
import { describe, expect, test } from 'vitest';
import { brokenLinks, differences, documentedImports, listedNames, unlinkedPages } from './docs.ts';
import { forbiddenImports, importCycles, importsOf } from './imports.ts';
import { linesWithoutEvent } from './logging.ts';
import { curlyQuotes, emptyFileNames, impureLines, machineNames, opensWithComment, wordyPhrases } from './wording.ts';

const file = (path: string, text: string): { path: string; text: string } => ({ path, text });

test('importsOf finds every way to name another file', () => {
  const text = `
    import a from 'a';
    import {
      b,
    } from "b";
    import type { C } from './c.ts';
    export * from './d.ts';
    import './e.ts';
    const f = await import('./f.ts');
    type G = import('./g.ts').G;
    new Worker(new URL('./h.ts', import.meta.url));
    // import x from 'x';
    const text = 'from here';
  `;
  expect(importsOf(text).sort()).toEqual(['./c.ts', './d.ts', './e.ts', './f.ts', './g.ts', './h.ts', 'a', 'b']);
});

describe('forbiddenImports', () => {
  const allowed: [string, string][] = [
    ['src/job/task.ts', './policy.ts'],
    ['src/job/rules/workerLost.ts', '../task.ts'],
    ['src/ports/clock.ts', '../job/task.ts'],
    ['src/api/app.ts', 'fastify'],
    ['src/adapters/nats/stream/ensure.ts', '@nats-io/jetstream'],
    ['src/adapters/nats/stream/ensure.ts', '../../../ports/jobLog.ts'],
    ['src/adapters/nats/stream/ensure.ts', './codec/status.ts'],
    ['src/adapters/gemini/index.ts', '../provider/repair.ts'],
    ['src/client/index.ts', 'node:timers'],
    ['src/cli/dev.ts', '../adapters/nats/stream.ts'],
    ['src/config/version.ts', '../../package.json'],
    ['src/cli/dev/demo.ts', '../../../examples/front-yard.jpg'],
  ];
  test.each(allowed)('%s may import %s', (path, name) => {
    expect(forbiddenImports(file(path, `import '${name}';`))).toEqual([]);
  });

  const forbidden: [string, string][] = [
    ['src/job/task.ts', '../ports/clock.ts'],
    ['src/job/ids.ts', 'node:crypto'],
    ['src/ports/jobLog.ts', '../adapters/nats/stream.ts'],
    ['src/worker/claim.ts', '../adapters/nats/queue.ts'],
    ['src/worker/claim.ts', '../api/app.ts'],
    ['src/worker/claim.ts', '@nats-io/jetstream'],
    ['src/readmodel/index.ts', '../config/settings.ts'],
    ['src/adapters/nats/stream/ensure.ts', '../../gemini/provider.ts'],
    ['src/adapters/nats/stream/ensure.ts', '../../../worker/worker.ts'],
    ['src/adapters/provider/repair.ts', '../gemini/answer.ts'],
    ['src/adapters/gemini/call.ts', '@nats-io/kv'],
    ['src/client/index.ts', '../job/task.ts'],
    ['src/client/index.ts', 'zod'],
    ['src/standin/server.ts', '../job/task.ts'],
    ['src/cli/dev.ts', '../../test/support/natsServer.ts'],
    ['src/cli/dev.ts', '../../examples/draw-front-yard.ts'],
    ['src/novelty/x.ts', '../job/task.ts'],
  ];
  test.each(forbidden)('%s must not import %s', (path, name) => {
    expect(forbiddenImports(file(path, `import type { X } from '${name}';`))).toHaveLength(1);
  });
});

test('importCycles finds circles of two, of three and of one', () => {
  const files = [
    file('src/a.ts', `import './b.ts'; import type { X } from './deep/c.ts';`),
    file('src/b.ts', ''),
    file('src/deep/c.ts', `import '../d.ts';`),
    file('src/d.ts', `import './a.ts';`),
    file('src/e.ts', `import './e.ts';`),
  ].map(({ path, text }) => file(path, text.replaceAll('; ', ';\n')));
  expect(importCycles(files)).toEqual(['src/a.ts → src/deep/c.ts → src/d.ts → src/a.ts', 'src/e.ts → src/e.ts']);
});

test('emptyFileNames finds the word in any writing, and not within another', () => {
  const bad = ['src/utils/x.ts', 'src/jobManager.ts', 'test/test-helper.ts', 'src/misc.ts'];
  expect(emptyFileNames([...bad, 'src/futile.ts', 'src/uncommon.ts', 'src/job/task.ts'])).toEqual(bad);
});

test('machineNames finds folders of a machine and registries', () => {
  const folder = ['', 'work', 'main'].join('/');
  const host = ['registry', 'npmjs', 'org'].join('.');
  expect(machineNames(file('a', `cd ${folder} && curl https://${host}/x`))).toHaveLength(2);
  expect(machineNames(file('a', 'docs/work/x ~/root/ ../root/x'))).toEqual([]);
});

test('linesWithoutEvent finds calls of loggers by any name, except those of level debug', () => {
  const calls = [
    "logger.info({}, 'x')",
    "this.#log?.warn({}, 'x')",
    "request.log.error({}, 'x')",
    "logger[level]({}, 'x')",
  ];
  expect(linesWithoutEvent(file('src/a.ts', calls.join(';\n'))).map((found) => found.split(' ')[0])).toEqual([
    'src/a.ts:1',
    'src/a.ts:2',
    'src/a.ts:3',
    'src/a.ts:4',
  ]);
  const allowed = "logger.debug({}, 'x'); logEvent(logger, 'dev_ready', {}, 'x'); catalog.info(); log.entries[0]";
  expect(linesWithoutEvent(file('src/a.ts', allowed))).toEqual([]);
});

test('impureLines finds clocks and chance in code, not in comments', () => {
  const text = `// Date.now() is not for here
/* Math.random() */
const at = new Date(0);
const now = Date.now(); // why
const then = new Date();
const luck = Math.random();`;
  expect(impureLines(file('a', text)).map((line) => line.split(' ')[0])).toEqual(['a:4', 'a:5', 'a:6']);
});

test('opensWithComment wants words in the first line', () => {
  expect(opensWithComment(file('a', '// What it is for.\nimport'))).toBe(true);
  expect(opensWithComment(file('a', '#!/usr/bin/env node\n// What it is for.'))).toBe(true);
  expect(opensWithComment(file('a', 'import x;\n// late'))).toBe(false);
  expect(opensWithComment(file('a.py', '#!/usr/bin/env python3\n"""What it is for."""\n'))).toBe(true);
  expect(opensWithComment(file('a.py', '# Generated.\n"""\nWhat it is for.\n"""\n'))).toBe(true);
  expect(opensWithComment(file('a.py', '# What it is for.\nimport x\n"""late"""'))).toBe(false);
});

test('listedNames reads first cells and headings, and differences tells both ways', () => {
  const page =
    '| code | hint |\n| --- | --- |\n| `Alpha`, `Beta` | see `Gamma` |\n### `Delta`\n| `m_total{pool}` | x |\nin `Text`';
  expect(listedNames(page, /^[A-Z]/)).toEqual(['Alpha', 'Beta', 'Delta']);
  expect(listedNames(page, /^m_/)).toEqual(['m_total']);
  expect(differences(['Alpha', 'Omega'], ['Alpha', 'Beta'], 'page')).toEqual([
    'page does not list Omega',
    'page lists Beta, which does not exist',
  ]);
});

describe('wordyPhrases', () => {
  test.each([
    ['// Whoever calls it', 'whoever'],
    ['// Whosoever calls it', 'whosoever'],
    ['It is kept for ever.', 'for ever'],
    ['silence is borne', 'borne'],
    ['0 where there is none', 'where there is none'],
    ['save that it waits', 'save that'],
    ['the job goes on', 'goes on'],
    ['ends that resources tell of', 'tell of'],
    ['the page tells of it', 'tells of'],
    ['that matters not', 'matters not'],
    ['the image as it stands', 'as it stands'],
    ['A worker is at it', 'is at it'],
    ['a node of its own.', 'of its own'],
    ["'tasks of their own'", 'of its own'],
    ['a file of its own', 'of its own'],
  ])('finds %j', (text, phrase) => {
    expect(wordyPhrases(file('a', `First line.\n${text}\n`))).toEqual([
      expect.stringContaining(`a:2 says "${phrase}"`) as string,
    ]);
  });

  test('finds a phrase across two lines of a comment', () => {
    const breaks = ['// It goes\n// on here', '/** It goes\n * on here */', '# It goes\n# on here', 'It goes\non here'];
    for (const text of breaks) expect(wordyPhrases(file('a', text))).toHaveLength(1);
  });

  test.each([
    'PID 1 of its own namespaces',
    'the forever loop',
    'Foreverness',
    'airborne',
    'undefined if there is none',
    'goes only once',
    'tell often',
    'saves that file',
  ])('accepts %j', (text) => {
    expect(wordyPhrases(file('a', text))).toEqual([]);
  });
});

test('curlyQuotes finds each of the four, and no straight one', () => {
  expect(curlyQuotes(file('a', 'one\n\u2018two\u2019\n\u201cthree\u201d'))).toEqual([
    'a:2 has a curly quote',
    'a:2 has a curly quote',
    'a:3 has a curly quote',
    'a:3 has a curly quote',
  ]);
  expect(curlyQuotes(file('a', `'one' "two" \`three\` it's`))).toEqual([]);
});

test('brokenLinks finds missing files and headings, and ignores code and other sites', () => {
  const pages = [
    file('docs/a.md', '# A\n## Two `words` (here)\n[x](b.md) [y](b.md#one-two) [z](#two-words-here) [w](../src/)'),
    file(
      'docs/b.md',
      '## One two\n[x](gone.md) [y](a.md#gone) [z](https://x.example/gone) `[v](gone.md)`\n```\n## Gone\n```',
    ),
    file('docs/c.md', '[x](b.md#gone)'),
  ];
  const exists = (path: string): boolean => ['docs/a.md', 'docs/b.md', 'src/'].includes(path);
  expect(brokenLinks(pages, exists)).toEqual([
    'docs/b.md links to docs/gone.md, which does not exist',
    'docs/b.md links to docs/a.md#gone, but there is no such heading',
    'docs/c.md links to docs/b.md#gone, but there is no such heading',
  ]);
});

test('unlinkedPages finds pages that the index of the documentation does not name', () => {
  const pages = [
    file('docs/README.md', '[x](a.md#one) [y](../examples/c.md)'),
    file('docs/a.md', ''),
    file('docs/b.md', ''),
    file('examples/c.md', ''),
  ];
  expect(unlinkedPages(pages)).toEqual(['docs/README.md does not link to docs/b.md']);
});

test('documentedImports reads the table of folders', () => {
  const table =
    '| folder | contents | may import |\n| `src/a` | X. | nothing |\n| `src/b`   | Y, z. | a, c |\n| `bin` | Q. | a |\n';
  expect([...documentedImports(table)]).toEqual([
    ['a', []],
    ['b', ['a', 'c']],
  ]);
});
