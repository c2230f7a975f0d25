// Bundles the programs and the packages that they load into dist, or the folder of the argument. Node.js starts a worker from
// some fifty files, not from six hundred: loading them takes half the processor time, and a whole start a tenth less. The names in the code stay, and each file has a
// source map, for `NODE_OPTIONS=--enable-source-maps`: reading the maps at every start would cost a sixth of it.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { licensesOf } from './licenses.ts';

const root = join(import.meta.dirname, '..');
const target = process.argv[2] ?? join(root, 'dist');

const { metafile } = await build({
  entryPoints: {
    'cli/main': join(root, 'src/cli/main.ts'),
    'processes/ensureSecrets': join(root, 'src/processes/ensureSecrets.ts'),
    'standin/main': join(root, 'src/standin/main.ts'),
    // A thread starts with this file, so that what others load must not be in it.
    'threads/schemaChecks': join(root, 'src/adapters/jsonSchema/checkThread.ts'),
  },
  outdir: target,
  // Two folders below the package, as src/config/packageFolder.ts expects.
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  // Native code, and 17 MB that only the kubectl plugin loads.
  external: ['sharp', '@kubernetes/client-node'],
  keepNames: true,
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  // CommonJS packages load the modules of Node.js with it.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  metafile: true,
});
await writeFile(join(target, 'licenses.txt'), await licensesOf(Object.keys(metafile.inputs)));
