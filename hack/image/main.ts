// Writes the images of the test cluster, or only the named ones, as tarballs:
// node hack/image/main.ts FOLDER [genwarden|nats|pause|before …]
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { images, nodeImages } from './images.ts';

const [folder, ...names] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node hack/image/main.ts FOLDER [genwarden|nats|pause|before …]');
await mkdir(folder, { recursive: true });

for (const key of names.length === 0 ? nodeImages : names) {
  if (!Object.hasOwn(images, key)) throw new Error(`no image ${key}; the images are ${Object.keys(images).join(', ')}`);
  const { name, pack } = images[key as keyof typeof images];
  const file = join(folder, `${key}.tar`);
  const workFolder = await mkdtemp(join(tmpdir(), 'genwarden-image-'));
  try {
    await pack(file, name, workFolder);
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
  console.log(`${name}: ${file}`);
}
