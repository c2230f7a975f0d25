// Installs nats-server into a folder of the user's cache: the pinned release, or what Go builds. Concurrent installations are
// safe, because the binary appears under its name by a rename.

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GenwardenError } from '../../../job/errors/index.ts';
import { download } from './download.ts';
import type { NatsRelease } from './release.ts';

const run = promisify(execFile);

/** As hack/install-nats-server.sh. */
const goVersion = '2.15.2';

export interface Installation {
  /** Where `nats-server-<version>/nats-server` is put. */
  readonly cache: string;
  /** Undefined: there is none for this machine. */
  readonly release?: NatsRelease | undefined;
  readonly signal: AbortSignal;
  /** Gets one sentence before anything slow begins. */
  readonly announce: (sentence: string) => void;
  /** For PATH and the proxies. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Returns the path of the binary. Throws `NatsServerMissing` with what failed, and the signal's reason when it aborts. */
export async function installNatsServer(installation: Installation): Promise<string> {
  const { signal } = installation;
  const work = await workFolder(installation.cache);
  try {
    return await firstOf([() => fromRelease(installation, work), () => fromGo(installation, work)], signal);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function workFolder(cache: string): Promise<string> {
  try {
    await mkdir(cache, { recursive: true });
    return await mkdtemp(join(cache, 'install-'));
  } catch (cause) {
    throw missing(`nats-server was not found, and cannot be installed: ${messageOf(cause)}`, cause);
  }
}

/** Why something else should be tried. */
class Unavailable extends Error {}

async function firstOf(ways: readonly (() => Promise<string>)[], signal: AbortSignal): Promise<string> {
  const reasons: string[] = [];
  for (const way of ways) {
    try {
      return await way();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Unavailable)) throw error;
      if (error.message !== '') reasons.push(error.message);
    }
  }
  throw missing(`nats-server was not found, and could not be installed: ${reasons.join('; ')}`);
}

async function fromRelease(
  { cache, release, signal, announce, env = process.env }: Installation,
  work: string,
): Promise<string> {
  if (release === undefined) {
    throw new Unavailable(`no release is pinned for ${process.platform} on ${process.arch}`);
  }
  const { version, url, name, sha256 } = release;
  announce(`nats-server was not found: downloading ${version} (about 7 MB) into ${shown(cache)}, once`);
  const archive = join(work, 'archive.tar.gz');
  const found = await download(url, archive, { signal, env }).catch((cause: unknown) => {
    throw new Unavailable(`the download from ${new URL(url).host} failed: ${whyNot(cause)}`, { cause });
  });
  // Nothing else is tried: somebody may have changed the file on its way.
  if (found !== sha256) throw missing(`${url} was not installed: its SHA-256 is ${found} instead of ${sha256}`);
  await run('tar', ['-xzf', archive, '-C', work, `${name}/nats-server`], { env, signal }).catch((cause: unknown) => {
    throw new Unavailable(`tar failed: ${messageOf(cause)}`, { cause });
  });
  return keep(join(work, name, 'nats-server'), cache, version);
}

/** Go verifies what it downloads against its checksum database. */
async function fromGo({ cache, signal, announce, env = process.env }: Installation, work: string): Promise<string> {
  await run('go', ['version'], { env, signal }).catch((cause: unknown) => {
    throw new Unavailable('', { cause });
  });
  announce(
    `nats-server was not found, and its download failed: building ${goVersion} with Go into ${shown(cache)}, once (about a minute)`,
  );
  const settings = { ...env, GOBIN: work, GOFLAGS: '-mod=mod' };
  const source = `github.com/nats-io/nats-server/v2@v${goVersion}`;
  await run('go', ['install', source], { env: settings, signal }).catch((cause: unknown) => {
    throw new Unavailable(`Go failed: ${messageOf(cause).trim().split('\n').at(-1)}`, { cause });
  });
  return keep(join(work, 'nats-server'), cache, goVersion);
}

async function keep(binary: string, cache: string, version: string): Promise<string> {
  await run(binary, ['--version']).catch((cause: unknown) => {
    throw new Unavailable(`nats-server ${version} does not run on this machine: ${messageOf(cause)}`, { cause });
  });
  const folder = join(cache, `nats-server-${version}`);
  await mkdir(folder, { recursive: true });
  await rename(binary, join(folder, 'nats-server'));
  return join(folder, 'nats-server');
}

/** As a person would write it. */
const shown = (folder: string): string => folder.replace(homedir(), '~');

function whyNot(cause: unknown): string {
  const message = messageOf(cause);
  const offline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|does not answer/.test(message);
  return offline ? `${message} (offline? HTTPS_PROXY names a proxy)` : message;
}

/** Several addresses of one host fail as one error without a message. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}

const missing = (message: string, cause?: unknown): GenwardenError =>
  new GenwardenError('NatsServerMissing', message, cause === undefined ? {} : { cause });
