// Measures what bad days at the provider cost: `node bench/badDay/main.ts [case …]` prints what each case measured. A run of all
// cases takes about ten minutes.

import { markdownTable } from '../../test/support/markdownTable.ts';
import { cases, type Case } from './cases.ts';

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => cases.every((one) => one.name !== name));
if (unknown.length > 0) {
  console.error(`no case ${unknown.join(', ')}; the cases: ${cases.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const chosen = wanted.length === 0 ? cases : cases.filter(({ name }) => wanted.includes(name));
const lines: string[][] = [];
for (const one of chosen) lines.push(...(await rowsOf(one)));
process.stdout.write(markdownTable(['case', 'measured'], lines));

async function rowsOf({ name, what, measure }: Case): Promise<string[][]> {
  process.stderr.write(`${name} …\n`);
  const found = await measure();
  process.stderr.write(found.map((line) => `  ${line}\n`).join(''));
  return found.map((line, at) => (at === 0 ? [`${name}: ${what}`, line] : ['', line]));
}
