// What the documentation gives a reader to paste: a real Prometheus takes every query, and promtool the configuration.

import { readdirSync, readFileSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { markdownTable } from '../support/markdownTable.ts';
import { promtool } from '../support/prometheus.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { sharedSituation } from './situation/shared.ts';

const docs = fileURLToPath(new URL('../../docs/', import.meta.url));
const pages = readdirSync(docs, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));

/** Comparisons that are false, what only rules record, and metrics that must not be absent. */
const mayBeEmpty = / [<>=]+ |\bgenwarden:|^absent\(/;

test('a real Prometheus takes every query of the pages, and those of the runbooks have data', async () => {
  const { prometheus } = await sharedSituation();
  const queries = pages.flatMap((page) =>
    queriesIn(readFileSync(join(docs, page), 'utf8')).map((query) => ({ page, query })),
  );
  const rows = [];
  for (const { page, query } of queries) {
    const samples = await prometheus.query(query);
    rows.push([page, `\`${query}\``, String(samples.length)]);
    if (page.startsWith('runbooks/') && !mayBeEmpty.test(query))
      expect(samples.length, `${page}: ${query}`).toBeGreaterThan(0);
  }
  process.stdout.write(`\n${markdownTable(['page', 'query', 'series'], rows)}\n`);
  expect(queries.length).toBeGreaterThan(5);
});

test('promtool takes the configuration of docs/alerts.md with the rules', async () => {
  await using folder = await tempFolder('config');
  const [, config = ''] = /```yaml\n(rule_files:[^]+?)```/.exec(readFileSync(join(docs, 'alerts.md'), 'utf8')) ?? [];
  await writeFile(join(folder.path, 'prometheus.yaml'), config);
  const rules = 'genwarden.rules.yaml';
  await copyFile(join(docs, '../prometheus', rules), join(folder.path, rules));
  const checked = await promtool(['check', 'config', join(folder.path, 'prometheus.yaml')]);
  expect(checked).toMatchObject({ code: 0, stdout: expect.stringMatching(/SUCCESS: .*prometheus\.yaml is valid/) });
  expect(checked.stdout).toMatch(/SUCCESS: \d+ rules found/);
});

/** Blocks of PromQL, and code that is more than the name of a metric. */
function queriesIn(page: string): string[] {
  const blocks = [...page.matchAll(/^```promql\n([^]+?)\n```$/gm)].map(([, block]) => block!);
  const text = page.replaceAll(/^```[^]*?^```$/gm, '');
  const codes = [...text.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!);
  return [...blocks, ...codes.filter((code) => queryForm.test(code) && !abbreviated.test(code))];
}

const queryForm = /\b(?:genwarden|leader_election|controller_runtime)_\w+(?:\{\w+=|[[)]| [<>=]+ )/;
const abbreviated = /…/;
