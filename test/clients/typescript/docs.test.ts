// Every TypeScript block of docs/clients.md and of the package's README is strictly typed, and works against a real API.
import { execFile } from 'node:child_process';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { startInstallation } from '../../support/installation.ts';
import { tempFolder } from '../../support/tempFolder.ts';

const root = join(import.meta.dirname, '../../..');

/** Rejects with what the program printed. */
async function run(program: string, args: string[], cwd: string): Promise<string> {
  try {
    return (await promisify(execFile)(program, args, { cwd })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${stdout}${stderr}`, { cause: error });
  }
}

/**
 * One module of all blocks, in their order: imports at the top, the first block as it is because it creates the client and the job,
 * and each other block in a scope. Before each block, the module prints its number.
 */
function moduleOf(markdown: string, whole: number): string {
  const blocks = [...markdown.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code = '']) => code);
  expect(blocks.length).toBeGreaterThanOrEqual(whole);
  const importLine = /^import \{([^}]+)\} from '([^']+)';\n/gm;
  const names = new Map<string, Set<string>>();
  for (const [, list = '', from = ''] of blocks.flatMap((block) => [...block.matchAll(importLine)])) {
    const known = names.get(from) ?? new Set();
    for (const name of list.split(',')) known.add(name.trim());
    names.set(from, known);
  }
  const imports = [...names].map(([from, some]) => `import { ${[...some].join(', ')} } from '${from}';`);
  const bodies = blocks.map((block, index) => {
    const code = block.replaceAll(importLine, '');
    return `console.log('block ${index + 1}');\n${index < whole ? code : `{\n${code}}\n`}`;
  });
  return `${imports.join('\n')}\n${bodies.join('')}console.log('${blocks.length} blocks ran');\n`;
}

test('the blocks of docs/clients.md, and of the README of the package', async () => {
  const page = await readFile(join(root, 'docs/clients.md'), 'utf8');
  const readme = await readFile(join(root, 'clients/typescript/README.md'), 'utf8');
  const { url } = await startInstallation();
  const folder = await tempFolder('client-docs');
  onTestFinished(() => folder.remove());
  const write = (name: string, text: string): Promise<void> => writeFile(join(folder.path, name), text);
  const address = (text: string): string =>
    text
      .replaceAll("'@genwarden/client'", JSON.stringify(join(root, 'src/client/index.ts')))
      .replaceAll("'http://127.0.0.1:8080'", JSON.stringify(url));
  await write('page.ts', address(moduleOf(/^## TypeScript$([^]*?)^## /m.exec(page)![1]!, 2)));
  await write('readme.ts', address(moduleOf(readme, 1)));
  await write('package.json', '{"type": "module"}');
  await symlink(join(root, 'node_modules'), join(folder.path, 'node_modules'));
  const compilerOptions = { rootDir: '/', rewriteRelativeImportExtensions: false, allowImportingTsExtensions: true };
  const config = { extends: join(root, 'tsconfig.json'), compilerOptions, include: ['*.ts'] };
  await write('tsconfig.json', JSON.stringify(config));
  await run(join(root, 'node_modules/.bin/tsc'), ['-p', '.', '--pretty', 'false'], folder.path);

  const printed = await run(process.execPath, ['page.ts'], folder.path);
  expect(printed).toMatch(/front-yard image \d+ \d+/);
  expect(printed).toMatch(/image\/png \d+ sha256:[0-9a-f]{64}/);
  expect(printed).toContain('all tasks have succeeded');
  expect(printed).toMatch(/\d+ blocks ran\n$/);
  expect(await run(process.execPath, ['readme.ts'], folder.path)).toMatch(/^block 1\n0 succeeded [^]*1 blocks ran\n$/);
});
