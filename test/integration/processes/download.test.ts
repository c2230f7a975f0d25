// `genwarden download` as a process: saves results as tasks end, through a restart of the API, each once; says what is missing; and
// leaves no part of a file when Ctrl-C ends it.

import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { fakeJob, fakeTask } from '../../fakes/fakeJobs.ts';
import { freePort } from '../../support/freePorts.ts';
import { startInstallation } from '../../support/installation.ts';
import { startProcess, type TestProcess } from '../../support/process.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { until } from '../../support/until.ts';

const program = fileURLToPath(new URL('../../../bin/genwarden', import.meta.url));
const download = (job: string, to: string, url: string): Promise<TestProcess> =>
  startProcess(program, ['download', job, '--to', to, '--watch', '--url', url]);
const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => `${parentPath.slice(folder.length)}/${name}`)
    .sort();

test(
  '--watch saves each result once, through a restart of the API, and names what failed',
  { timeout: 180_000 },
  async () => {
    await using folder = await tempFolder();
    const port = String(await freePort());
    const url = `http://127.0.0.1:${port}`;
    const { start } = await startInstallation({ processes: ['controller', 'worker'] });
    const first = await start('api', { GENWARDEN_HTTP_PORT: port });
    const answer = await fetch(`${url}/v1/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        kind: 'image',
        input: { prompt: 'a yard [standin: image small]' },
        policy: { attemptTimeout: '8s' },
        tasks: [
          { name: 'quick' },
          { name: 'refused', input: { prompt: 'a yard [standin: refuse-prompt SAFETY]' } },
          { name: 'late', input: { prompt: 'a yard [standin: hang x1] [standin: image small]' } },
        ],
      }),
    });
    const { id } = (await answer.json()) as { id: string };
    const saving = await download(id, folder.path, url);
    await saving.waitForLine(/quick\/metadata\.json/, 60_000);
    await first.stop();
    await start('api', { GENWARDEN_HTTP_PORT: port });
    expect(await saving.exited).toEqual({ code: 1, signal: null });
    const names = ['image.png', 'metadata.json', 'thumbnail.jpg'];
    const files = ['late', 'quick'].flatMap((task) => names.map((name) => `/${task}/${name}`));
    expect(await filesIn(folder.path)).toEqual(files);
    const printed = saving.stdout.map((line) => line.slice(folder.path.length).replace(/ \(.*/, ''));
    expect(printed.toSorted()).toEqual(files);
    expect(saving.stderr.join('\n')).toMatch(
      new RegExp(
        `^genwarden: 1 of 3 tasks of job ${id} has no result: 1 failed\n {2}refused: PromptRefused: .*\n {4}.*\n` +
          ` {2}Run them again, and save what they make: genwarden retry ${id} && genwarden download ${id} --to .* --watch$`,
      ),
    );
  },
);

test('Ctrl-C leaves no part of a file, and says how to go on', { timeout: 60_000 }, async () => {
  await using folder = await tempFolder();
  const bytes = Buffer.alloc(1_000, 1);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const image = { name: 'image', mediaType: 'image/png', bytes: bytes.length, digest, href: '' };
  const id = 'd3x1kyqk7n8hfb9sssg9hn9j0b';
  const job = fakeJob(id, [fakeTask(0, 'succeeded', { artifacts: [image] })]);
  const api = createServer(({ url = '' }, response) => {
    if (url.includes('/artifacts/')) {
      // The rest of the bytes never comes.
      response.writeHead(200, { 'content-type': 'image/png', 'content-length': bytes.length, etag: `"${digest}"` });
      response.write(bytes.subarray(0, 500));
    } else response.end(JSON.stringify(job));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    api.closeAllConnections();
    api.close();
  });
  await until(() => api.listening, { what: 'the server' });
  const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  const saving = await startProcess(program, ['download', id, '--to', folder.path, '--url', url]);
  const part = async (): Promise<boolean> => (await filesIn(folder.path)).some((name) => name.endsWith('.part'));
  await until(part, { what: 'a part of the file', timeoutMs: 30_000 });
  saving.kill('SIGINT');
  expect(await saving.exited).toEqual({ code: 130, signal: null });
  expect(await filesIn(folder.path)).toEqual([]);
  expect(saving.stderr).toEqual([
    `genwarden: stopped before everything was saved. Save the rest with \`genwarden download ${id} --to ${folder.path} --watch\``,
  ]);
});
