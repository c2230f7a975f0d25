// docs/tutorial.md: its code is that of examples/tutorial, and each of its commands prints what the page shows. UPDATE_DOCS=1 writes
// both into the page. test/browser/tutorial.test.ts uses the application in a browser.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { GenwardenClient } from '../../src/client/index.ts';
import { freePorts } from '../support/freePorts.ts';
import { startProcess, type TestProcess } from '../support/process.ts';
import { presentable, steady } from '../support/shownOutput.ts';
import { tempFolder } from '../support/tempFolder.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const updates = process.env['UPDATE_DOCS'] === '1';
const page = (): string => readFileSync(`${root}docs/tutorial.md`, 'utf8');
const change = (text: string): void => (updates ? writeFileSync(`${root}docs/tutorial.md`, text) : undefined);

it('shows the files of examples/tutorial', () => {
  const files = { ts: 'server.ts', html: 'index.html', js: 'page.js' };
  for (const [language, name] of Object.entries(files)) {
    const form = new RegExp(`(^\`\`\`${language}\n)([^]*?)(^\`\`\`$)`, 'm');
    const text = readFileSync(`${root}examples/tutorial/${name}`, 'utf8');
    change(page().replace(form, (_, open: string, _old: string, close: string) => `${open}${text}${close}`));
    expect(form.exec(page())?.[2]).toBe(text);
  }
});

it('has commands that print what it shows', async () => {
  const { run, client, pressCtrlC } = await startReader();
  for (const { command, shown } of samples()) {
    const printed = await run(command);
    const isShown =
      printed.length > 0 && shown.length > 0 && shown.map(steady).every((line) => printed.map(steady).includes(line));
    if (updates && !isShown) show(command, printed);
    else
      expect({ command, printed: printed.map(steady) }).toEqual({
        command,
        printed: expect.arrayContaining(shown.map(steady)),
      });
  }
  await pressCtrlC();
  await run(makeDev);
  const jobs = await Array.fromAsync(client.list());
  const ended = await Promise.all(jobs.map(({ id }) => client.wait(id)));
  expect(ended.map(({ state, progress }) => [state, progress.total])).toEqual([
    ['succeeded', 6],
    ['succeeded', 1],
  ]);
});

interface Sample {
  /** Without `$ `. */
  readonly command: string;
  /** Each line must be among those that the command prints. */
  readonly shown: readonly string[];
}

function samples(): Sample[] {
  const blocks = page().matchAll(/^```console\n\$ (.*)\n([^]*?)^```$/gm);
  return [...blocks].map(([, command, output]) => ({ command: command!, shown: output!.split('\n').slice(0, -1) }));
}

function show(command: string, printed: readonly string[]): void {
  const start = `\`\`\`console\n$ ${command}\n`;
  const at = page().indexOf(start) + start.length;
  const output = printed.map((line) => `${presentable(line)}\n`).join('');
  change(page().slice(0, at) + output + page().slice(page().indexOf('```', at)));
}

const makeDev = 'GENWARDEN_CORS_ORIGINS=http://127.0.0.1:3000 make dev';

interface Reader {
  readonly client: GenwardenClient;
  /** In the terminal of `make dev`. Resolves when everything has stopped. */
  pressCtrlC(): Promise<void>;
  /** The lines that the command prints; for `make dev` and the server until they have started. */
  run(command: string): Promise<readonly string[]>;
}

/** Does what the page says, on free ports and in a folder of the test. `JOB` is the newest job. */
async function startReader(): Promise<Reader> {
  const { path: cwd, remove } = await tempFolder('tutorial');
  onTestFinished(remove);
  const [port, pagePort] = (await freePorts(2)) as [number, number];
  const url = `http://127.0.0.1:${port}`;
  const client = new GenwardenClient({ url });
  const env = { GENWARDEN_URL: url, PORT: String(pagePort), NO_COLOR: '1' };
  const devEnv = {
    GENWARDEN_CORS_ORIGINS: 'http://127.0.0.1:3000',
    GENWARDEN_HTTP_PORT: String(port),
    GENWARDEN_METRICS_PORT: '0',
    GENWARDEN_DATA_DIR: `${cwd}/data`,
  };
  const start = (program: string, args: string[], readyWhen: RegExp, more = {}): Promise<TestProcess> =>
    startProcess(program, args, { cwd, env: { ...env, ...more }, readyWhen, timeoutMs: 60_000 });
  let dev: TestProcess | undefined;
  const run: Reader['run'] = async (command) => {
    if (command === makeDev) {
      dev = await start(`${root}bin/genwarden`, ['dev'], /ready: try/, devEnv);
      return [];
    }
    const [, server] = /^node_modules\/\.bin\/node (\S+)$/.exec(command) ?? [];
    if (server !== undefined) return (await start(process.execPath, [root + server], /^Open /)).lines;
    if (command.includes('explain')) await pressDraw(`http://127.0.0.1:${pagePort}`);
    const newest = command.includes('JOB') ? (await client.listPage()).items[0]!.id : '';
    const script = command.replace(/^bin\//, `${root}bin/`).replace('JOB', newest);
    const ran = await startProcess('sh', ['-c', script], { cwd, env });
    expect([command, (await ran.exited).code]).toEqual([command, 0]);
    return ran.lines;
  };
  const pressCtrlC = async (): Promise<void> => {
    dev!.kill('SIGINT');
    await dev!.exited;
  };
  return { client, run, pressCtrlC };
}

async function pressDraw(address: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ prompt: 'a front yard with a red door' });
  expect((await fetch(`${address}/jobs`, { method: 'POST', headers, body })).status).toBe(200);
}
