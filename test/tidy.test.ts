// Tidiness of the repository: imports, sizes, names, wording, and pages that match the code.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { settingDefinitions } from '../src/config/settings.ts';
import { catalogue } from '../src/job/errors/index.ts';
import { metricNames } from '../src/telemetry/metrics.ts';
import { tempFolder } from './support/tempFolder.ts';
import { logEvents } from '../src/job/logEvents/index.ts';
import { brokenLinks, differences, documentedImports, listedNames, unlinkedPages } from './tidy/docs.ts';
import { forbiddenImports, importCycles, importsOf, visible } from './tidy/imports.ts';
import { filesUnder, read, repositoryFiles, root } from './tidy/repository.ts';
import { linesWithoutEvent } from './tidy/logging.ts';
import {
  curlyQuotes,
  emptyFileNames,
  impureLines,
  machineNames,
  opensWithComment,
  wordyPhrases,
} from './tidy/wording.ts';

const sources = filesUnder('src');
const code = ['src', 'test', 'bench', 'hack'].flatMap((folder) => filesUnder(folder));
const python = ['clients', 'examples', 'hack'].flatMap((folder) => filesUnder(folder, '.py'));

/** Every file but binary ones. */
const texts = repositoryFiles.map((path) => ({ path, text: read(path) })).filter(({ text }) => !text.includes('\0'));

/** These contain the phrases on purpose. */
const defining = /^test\/(?:golden\/|tidy\/(?:wording|checks\.test)\.ts$)/;

test('the checks look at something', () => {
  const folders = readdirSync(join(root, 'src'));
  expect(folders).toContain('job');
  const counts = folders.map((folder) => [folder, filesUnder(`src/${folder}`).length] as const);
  expect(counts.filter(([, count]) => count === 0)).toEqual([]);
  expect(filesUnder('src/adapters/nats').length).toBeGreaterThan(0);
  expect(sources.flatMap(({ text }) => importsOf(text)).length).toBeGreaterThan(sources.length);
});

describe('imports', () => {
  test('go only where the layout allows', () => {
    expect(sources.flatMap(forbiddenImports)).toEqual([]);
  });

  test('form no circle', () => {
    expect(importCycles(code)).toEqual([]);
  });
});

describe('sizes', () => {
  test('files stay under 300 lines', () => {
    expect(python.length).toBeGreaterThan(50);
    const styles = filesUnder('src/console', '.css');
    expect(styles.length).toBeGreaterThan(10);
    const long = [...code, ...python, ...styles].filter(({ text }) => text.split('\n').length > 300);
    expect(long.map(({ path, text }) => `${path}: ${text.split('\n').length}`)).toEqual([]);
  });

  test('the linter refuses functions of more than 70 lines', async () => {
    await using folder = await tempFolder();
    const bodies = { fits: 68, tooLong: 69 };
    for (const [name, lines] of Object.entries(bodies)) {
      const body = Array.from({ length: lines }, (_, line) => `  print(${line});`).join('\n');
      const text = `export const ${name} = (print: (line: number) => void): void => {\n${body}\n};\n`;
      await writeFile(join(folder.path, `${name}.ts`), text);
    }
    const lint = spawnSync(join(root, 'node_modules/.bin/oxlint'), ['-c', join(root, '.oxlintrc.json'), folder.path], {
      encoding: 'utf8',
    });
    expect(lint.stdout).toContain('max-lines-per-function');
    expect(lint.stdout).toContain('tooLong.ts');
    expect(lint.stdout).not.toContain('fits.ts');
  });
});

describe('words', () => {
  test('every source file opens with what it is for', () => {
    const silent = ['src', 'bench', 'hack']
      .flatMap((folder) => filesUnder(folder))
      .concat(python)
      .filter((file) => !opensWithComment(file));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  test('no file has a name that says nothing', () => {
    expect(emptyFileNames(repositoryFiles)).toEqual([]);
  });

  test('no file names a folder of one machine, or a package registry', () => {
    expect(texts.flatMap(machineNames)).toEqual([]);
  });

  test('prose avoids banned phrases', () => {
    const checked = texts.filter(({ path }) => !defining.test(path));
    expect(checked.length).toBeGreaterThan(500);
    expect(checked.flatMap(wordyPhrases)).toEqual([]);
  });

  test('quotes and apostrophes are straight', () => {
    const checked = texts.filter(({ path }) => !/^test\/(?:golden\/|support\/goldenWrites\.ts$)/.test(path));
    expect(checked.flatMap(curlyQuotes)).toEqual([]);
  });

  test('the core has neither clock nor chance', () => {
    expect(filesUnder('src/job').flatMap(impureLines)).toEqual([]);
  });
});

describe('log lines', () => {
  test('from level info on have an event of the catalogue', () => {
    expect(sources.flatMap(linesWithoutEvent)).toEqual([]);
  });

  test('the catalogue has no event that nothing logs', () => {
    const users = sources.filter(({ path }) => !/^src\/job\/logEvents\/(?!taskEvents)/.test(path));
    const used = users.map(({ text }) => text).join('\n');
    // The last words of these are those of the connection.
    const composed = ['nats_disconnected', 'nats_reconnected'];
    const unused = Object.keys(logEvents).filter((event) => !used.includes(`'${event}'`));
    expect(unused).toEqual(composed);
  });
});

describe('reference pages', () => {
  test('docs/logs.md lists every event', () => {
    const listed = listedNames(read('docs/logs.md'), /^[a-z]+_[a-z_]+$/);
    expect(differences(Object.keys(logEvents), listed, 'docs/logs.md')).toEqual([]);
  });

  test('docs/errors.md lists every code of the catalogue', () => {
    const listed = listedNames(read('docs/errors.md'), /^[A-Z][A-Za-z0-9]+$/);
    expect(differences(Object.keys(catalogue), listed, 'docs/errors.md')).toEqual([]);
  });

  test('docs/metrics.md lists every metric', () => {
    const listed = listedNames(read('docs/metrics.md'), /^(?:genwarden|leader|controller|workqueue|rest)_[a-z_]+$/);
    expect(differences(metricNames, listed, 'docs/metrics.md')).toEqual([]);
  });

  test('docs/configuration.md lists every setting', () => {
    const listed = listedNames(read('docs/configuration.md'), /^GENWARDEN_[A-Z0-9_]+$/);
    const variables = settingDefinitions.map(({ variable }) => variable);
    const files = settingDefinitions.flatMap(({ fileVariable }) => fileVariable ?? []);
    expect(
      differences(
        variables,
        listed.filter((name) => !files.includes(name)),
        'docs/configuration.md',
      ),
    ).toEqual([]);
  });
});

describe('documentation', () => {
  const pages = texts.filter(({ path }) => path.endsWith('.md'));

  test('links resolve', () => {
    const folders = new Set(
      repositoryFiles.flatMap((path) => path.split('/').map((_, n, parts) => parts.slice(0, n).join('/'))),
    );
    const exists = (path: string): boolean => repositoryFiles.includes(path) || folders.has(path.replace(/\/$/, ''));
    expect(pages.length).toBeGreaterThan(20);
    expect(brokenLinks(pages, exists)).toEqual([]);
  });

  test('docs/README.md links to every page', () => {
    expect(unlinkedPages(pages)).toEqual([]);
  });

  test('docs/development.md lists the import rules', () => {
    const rules = Object.entries(visible).map(([folder, names]) => [folder, [names].flat()]);
    expect(Object.fromEntries(documentedImports(read('docs/development.md')))).toEqual(Object.fromEntries(rules));
  });
});
