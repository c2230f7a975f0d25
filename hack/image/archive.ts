// Packs folders as image layers in the docker-archive format, which `ctr images import` and `kind load` read. The same content
// gives the same bytes, so that a node does not unpack a layer again.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface ImageConfig {
  user?: string;
  workingDir?: string;
  env?: Record<string, string>;
  entrypoint: readonly string[];
}

/** The content of one layer: a folder, or `only` these paths in it, placed below `under` (with a trailing slash). */
export interface Layer {
  folder: string;
  only?: readonly string[];
  under?: string;
}

/** Writes the image `name` to `file`. `workFolder` is for temporary files; the caller removes it. */
export async function packImage(
  file: string,
  name: string,
  layers: readonly Layer[],
  config: ImageConfig,
  workFolder: string,
): Promise<void> {
  const folder = join(workFolder, 'archive');
  await mkdir(folder);
  const digests: string[] = [];
  for (const layer of layers) digests.push(await packLayer(folder, layer));
  const configText = JSON.stringify(imageConfig(config, digests));
  const configName = `${createHash('sha256').update(configText).digest('hex')}.json`;
  await writeFile(join(folder, configName), configText);
  const manifest = [{ Config: configName, RepoTags: [name], Layers: digests.map((digest) => `${digest}.tar`) }];
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
  const whole = join(workFolder, 'image.tar');
  await tar(whole, folder, ['.']);
  await rename(whole, file);
}

/** Writes the layer as `<digest>.tar` and returns the digest. */
async function packLayer(folder: string, { folder: source, only, under = '' }: Layer): Promise<string> {
  const packed = join(folder, 'layer.tar');
  await tar(packed, source, only ?? ['.'], ['--transform', `s,^\\(\\./\\)*,${under},rS`]);
  const hash = createHash('sha256');
  await pipeline(createReadStream(packed, { highWaterMark: 1 << 20 }), hash);
  const digest = hash.digest('hex');
  await rename(packed, join(folder, `${digest}.tar`));
  return digest;
}

/** Owner, times and order are fixed, so that they do not change the digest. */
async function tar(
  file: string,
  folder: string,
  paths: readonly string[],
  more: readonly string[] = [],
): Promise<void> {
  const same = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'];
  const readable = '--mode=u+rwX,go+rX,go-w';
  await run('tar', ['-cf', file, '-C', folder, ...same, readable, ...more, '--', ...paths]);
}

function imageConfig(config: ImageConfig, digests: readonly string[]): object {
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', ...config.env };
  return {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: {
      User: config.user ?? '',
      WorkingDir: config.workingDir ?? '/',
      Env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
      Entrypoint: config.entrypoint,
    },
    rootfs: { type: 'layers', diff_ids: digests.map((digest) => `sha256:${digest}`) },
    history: digests.map(() => ({ created: '1970-01-01T00:00:00Z', created_by: 'hack/image' })),
  };
}
