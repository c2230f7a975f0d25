// `make bench-growth SIZES=20k,100k,300k,1M`: what each read costs, what each process weighs and how long it takes to start, by the
// number of open tasks.

import { parseArgs } from 'node:util';
import { markdownTable } from '../../test/support/markdownTable.ts';
import { machine, machineLines, save, versions } from '../result.ts';
import { measureSize } from './size.ts';
import { parseCount, rowsOf, titlesOf, type GrowthResult, type SizeFigures } from './table.ts';

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '20k,100k,300k,1M' },
    /** Requests of each kind; fewer if they take longer than `seconds` together. */
    reads: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '10' },
    submits: { type: 'string', default: '5000' },
    json: { type: 'string' },
    minutes: { type: 'string', default: '30' },
  },
});

setTimeout(
  () => {
    process.stderr.write(`not done after ${values.minutes} minutes\n`);
    process.exit(1);
  },
  Number(values.minutes) * 60_000,
).unref();

const result = { startedAt: new Date().toISOString(), machine: machine(), versions: versions(), options: values };
process.stdout.write(`${machineLines(result)}\n`);
const asked = {
  reads: { count: Number(values.reads), forMs: Number(values.seconds) * 1_000 },
  submits: Number(values.submits),
};
const sizes: SizeFigures[] = [];
for (const text of values.sizes.split(',')) {
  const size = await measureSize(parseCount(text), asked, (step) => void process.stderr.write(`${text}: ${step}\n`));
  sizes.push(size);
}
process.stdout.write(`\n${markdownTable(titlesOf(sizes), rowsOf(sizes))}`);
save(values.json, { ...result, sizes } satisfies GrowthResult);
