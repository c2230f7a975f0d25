// `make bench-page`: writes the figures of `--peers FILE` and `--growth FILE`, as the benchmarks saved them, into
// docs/benchmarks.md and its picture. Refuses figures of a busy machine unless `--busy` is given.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { markdownTable } from '../../test/support/markdownTable.ts';
import { rowsOf, titlesOf, type GrowthResult } from '../growth/table.ts';
import { longTitleOf, peersTable } from '../peers/table.ts';
import { machineLines, type BenchResult, type PeersResult } from '../result.ts';
import { idleLoad } from './idleLoad.ts';
import { leadsSvg } from './picture.ts';
import { replaceSection } from './section.ts';

const { values } = parseArgs({
  options: {
    peers: { type: 'string' },
    growth: { type: 'string' },
    page: { type: 'string', default: path('../../docs/benchmarks.md') },
    images: { type: 'string', default: path('../../docs/images/benchmarks') },
    busy: { type: 'boolean', default: false },
  },
});

const picture =
  '![How many times better Genwarden is than BullMQ, by measure, with the spread of the rounds](images/benchmarks/bullmq.svg)';

let page = readFileSync(values.page, 'utf8');
if (values.peers !== undefined) {
  const result = read<PeersResult>(values.peers);
  mkdirSync(values.images, { recursive: true });
  writeFileSync(`${values.images}/bullmq.svg`, `${leadsSvg(result, 'bullmq', longTitleOf)}\n`);
  page = replaceSection(page, 'peers', `${picture}\n\n${machineText(result)}\n\n${peersTable(result.series)}`);
}
if (values.growth !== undefined) {
  const result = read<GrowthResult>(values.growth);
  const table = markdownTable(titlesOf(result.sizes), rowsOf(result.sizes));
  page = replaceSection(page, 'growth', `${machineText(result)}\n\n${table}`);
}
writeFileSync(values.page, page);

function read<T extends BenchResult>(file: string): T {
  const result = JSON.parse(readFileSync(file, 'utf8')) as T;
  if (result.machine.load >= idleLoad && !values.busy)
    throw new Error(`${file}: the load was ${result.machine.load.toFixed(1)} at the start; measure on an idle machine`);
  return result;
}

function machineText(result: BenchResult): string {
  return `Measured on ${machineLines(result).replace('\n', '. ')}.`;
}

function path(of: string): string {
  return fileURLToPath(new URL(of, import.meta.url));
}
