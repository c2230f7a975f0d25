// nats-server is installed once, from exactly the pinned archive, and whatever prevents it is said with what to do.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findNatsServer } from '../../../src/processes/dev/natsBinary.ts';
import { installNatsServer } from '../../../src/processes/dev/natsInstall/install.ts';
import { natsRelease, type NatsRelease } from '../../../src/processes/dev/natsInstall/release.ts';
import { tempFolder, type TempFolder } from '../../support/tempFolder.ts';

const name = 'nats-server-v2.15.0-test';

let folder: TempFolder;
let server: Server;
let archive: Buffer;
let requests: string[];
let lines: string[];
let answer: RequestListener;

beforeEach(async () => {
  folder = await tempFolder('nats install');
  archive = await archiveWith('#!/bin/sh\necho nats-server: v2.15.0\n');
  [requests, lines] = [[], []];
  answer = (_request, response) => response.end(archive);
  server = createServer((request, response) => {
    requests.push(request.url!);
    answer(request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await folder.remove();
});

const cache = (): string => join(folder.path, 'cache');
const origin = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const release = (over: Partial<NatsRelease> = {}): NatsRelease => ({
  version: '2.15.0',
  url: `${origin()}/${name}.tar.gz`,
  name,
  sha256: createHash('sha256').update(archive).digest('hex'),
  ...over,
});

const install = (over: Partial<Parameters<typeof installNatsServer>[0]> = {}): Promise<string> =>
  installNatsServer({
    cache: cache(),
    release: release(),
    signal: new AbortController().signal,
    announce: (sentence) => lines.push(sentence),
    env: { PATH: join(folder.path, 'bin') },
    ...over,
  });

/** An archive like that of a release. `bin` holds tar and nothing else, above all no Go. */
async function archiveWith(program: string): Promise<Buffer> {
  await mkdir(join(folder.path, name));
  await writeFile(join(folder.path, name, 'nats-server'), program, { mode: 0o755 });
  const file = join(folder.path, 'archive.tar.gz');
  execFileSync('tar', ['-czf', file, '-C', folder.path, name]);
  await mkdir(join(folder.path, 'bin'));
  for (const tool of ['tar', 'gzip']) {
    const path = execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim();
    await symlink(path, join(folder.path, 'bin', tool));
  }
  return readFile(file);
}

async function putGo(script: string): Promise<void> {
  const path = join(folder.path, 'bin', 'go');
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

const failure = (installed: Promise<string>): Promise<string> =>
  installed.then(
    () => 'it was installed',
    (error: { code?: string; message: string }) => `${error.code}: ${error.message}`,
  );

test('downloads the release with one line, and leaves only the binary, which is found from then on', async () => {
  const path = await install();
  expect(path).toBe(join(cache(), 'nats-server-2.15.0', 'nats-server'));
  expect(lines).toEqual([`nats-server was not found: downloading 2.15.0 (about 7 MB) into ${cache()}, once`]);
  expect(readdirSync(cache())).toEqual(['nats-server-2.15.0']);
  expect(findNatsServer({ PATH: '' }, cache())).toBe(path);
});

test('two installations at the same time both succeed', async () => {
  const paths = await Promise.all([install(), install()]);
  expect(new Set(paths).size).toBe(1);
  expect(readdirSync(cache())).toEqual(['nats-server-2.15.0']);
});

test('follows redirects, but not in circles', async () => {
  answer = ({ url }, response) => {
    if (url === '/stored') response.end(archive);
    else response.writeHead(302, { location: '/stored' }).end();
  };
  await install();
  answer = (_request, response) => response.writeHead(302, { location: '/again' }).end();
  expect(await failure(install())).toContain('answered 302');
  expect(requests.length).toBe(2 + 6);
});

test('goes through the proxy of the environment', async () => {
  const url = `http://releases.invalid/${name}.tar.gz`;
  const env = { PATH: join(folder.path, 'bin'), HTTP_PROXY: origin() };
  await install({ release: release({ url }), env });
  expect(requests).toEqual([url]);
});

test('rejects another file, tries nothing else, and leaves nothing', async () => {
  await putGo('exit 0');
  const sha256 = '0'.repeat(64);
  const said = await failure(install({ release: release({ sha256 }) }));
  const found = createHash('sha256').update(archive).digest('hex');
  expect(said).toBe(
    `NatsServerMissing: ${release().url} was not installed: its SHA-256 is ${found} instead of ${sha256}`,
  );
  expect(readdirSync(cache())).toEqual([]);
  expect(lines.length).toBe(1);
});

test('says in one line why it cannot be downloaded', async () => {
  answer = (_request, response) => response.writeHead(403).end();
  expect(await failure(install())).toBe(
    `NatsServerMissing: nats-server was not found, and could not be installed: the download from ${new URL(origin()).host} failed: ${new URL(origin()).host} answered 403`,
  );
  const refused = release({ url: 'http://127.0.0.1:1/x.tar.gz' });
  expect(await failure(install({ release: refused }))).toMatch(
    /ECONNREFUSED.* \(offline\? HTTPS_PROXY names a proxy\)$/,
  );
  expect(await failure(install({ release: undefined }))).toMatch(/no release is pinned for \w+ on \w+$/);
});

test('says in one line that the cache cannot be written', async () => {
  await writeFile(join(folder.path, 'file'), '');
  const said = await failure(install({ cache: join(folder.path, 'file', 'cache') }));
  expect(said).toMatch(/^NatsServerMissing: nats-server was not found, and cannot be installed: ENOTDIR.*file\/cache/);
});

test('a binary that does not run here is not installed', async () => {
  await writeFile(join(folder.path, name, 'nats-server'), '#!/nowhere/sh\n');
  execFileSync('tar', ['-czf', join(folder.path, 'archive.tar.gz'), '-C', folder.path, name]);
  archive = await readFile(join(folder.path, 'archive.tar.gz'));
  expect(await failure(install())).toContain('nats-server 2.15.0 does not run on this machine');
  expect(readdirSync(cache())).toEqual([]);
});

test('builds with Go when the download fails', async () => {
  await putGo(
    `[ "$1" = version ] || { printf '#!/bin/sh\\n' >"$GOBIN/nats-server" && /bin/chmod 755 "$GOBIN/nats-server"; }`,
  );
  answer = (_request, response) => response.writeHead(503).end();
  expect(await install()).toBe(join(cache(), 'nats-server-2.15.2', 'nats-server'));
  expect(lines[1]).toMatch(/download failed: building 2\.15\.2 with Go into /);
  await putGo(`[ "$1" = version ] || { echo 'no network' >&2; exit 1; }`);
  expect(await failure(install())).toMatch(/answered 503; Go failed: no network$/);
});

test('an end of the command ends the download and leaves nothing', async () => {
  const ended = new AbortController();
  answer = (_request, response) => {
    response.write(archive.subarray(0, 10));
    ended.abort(new Error('Ctrl-C'));
  };
  await expect(install({ signal: ended.signal })).rejects.toThrow('Ctrl-C');
  expect(existsSync(cache()) && readdirSync(cache())).toEqual([]);
});

test('is pinned for Linux and macOS, on Intel and ARM', async () => {
  for (const system of ['linux', 'darwin']) {
    for (const processor of ['x64', 'arm64']) {
      const target = `${system}-${processor === 'x64' ? 'amd64' : processor}`;
      const found = natsRelease(system, processor);
      expect(found?.url).toBe(
        `https://github.com/nats-io/nats-server/releases/download/v2.15.0/nats-server-v2.15.0-${target}.tar.gz`,
      );
      expect(found?.sha256).toMatch(/^[0-9a-f]{64}$/);
    }
  }
  expect([natsRelease('win32', 'x64'), natsRelease('linux', 'ppc64')]).toEqual([undefined, undefined]);
  const script = await readFile(join(import.meta.dirname, '../../../hack/install-nats-server.sh'), 'utf8');
  expect(script).toContain('\ngo_version=2.15.2\n');
});
