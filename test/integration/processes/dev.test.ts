// `genwarden dev` as somebody meets it who has just installed it: at a terminal, with a pools file, next to another one, and after
// it was killed.

import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { GenwardenClient } from '../../../src/client/index.ts';
import { startStandin } from '../../../src/standin/standin.ts';
import { freePort } from '../../support/freePorts.ts';
import { startProcess, type TestProcess } from '../../support/process.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { startInTerminal, type TestTerminal } from '../../support/terminal.ts';
import { until } from '../../support/until.ts';

const program = fileURLToPath(new URL('../../../bin/genwarden', import.meta.url));
const timeoutMs = 60_000;
/** Each test starts several processes one after the other. */
const wholeMs = 240_000;

interface Place {
  readonly folder: string;
  readonly url: string;
  readonly client: GenwardenClient;
  readonly env: Record<string, string | undefined>;
}

/** A folder and free ports for `dev`; the folder outlives what the test starts later. */
async function aPlace(): Promise<Place> {
  const { path: folder, remove } = await tempFolder('dev');
  onTestFinished(remove);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    GENWARDEN_HTTP_PORT: String(port),
    GENWARDEN_METRICS_PORT: '0',
    GENWARDEN_STANDIN_LATENCY: '500ms',
    GENWARDEN_DRAIN_TIMEOUT: '500ms',
    GENWARDEN_NATS_SERVER: undefined,
    GEMINI_API_KEY: undefined,
    OPENAI_API_KEY: undefined,
    npm_command: undefined,
  };
  return { folder, url, client: new GenwardenClient({ url }), env };
}

const runDev = ({ folder, env }: Place, ...flags: string[]): Promise<TestProcess> =>
  startProcess(program, ['dev', ...flags], { cwd: folder, env });

/** The lines that it prints before it ends, and the exit code. */
async function refusal(dev: TestProcess): Promise<{ code: number | null; lines: readonly string[] }> {
  return { code: (await dev.exited).code, lines: dev.lines };
}

/** The lines as they were written, however narrow the terminal is. */
function linesOf(terminal: TestTerminal): string[] {
  const lines: string[] = [];
  for (const { text, continues } of terminal.rows()) {
    if (continues) lines.push(lines.pop()! + text);
    else lines.push(text);
  }
  return lines;
}

it(
  'says at a terminal where it is and what to do, lets a worker join, and copes with its own end by SIGKILL',
  async () => {
    const place = await aPlace();
    const { folder, url, client, env } = place;
    const start = (): Promise<TestTerminal> =>
      startInTerminal(program, ['dev', '--concurrency', '1'], { cwd: folder, env, columns: 100 });

    const killed = await start();
    await killed.waitFor(/in another terminal:\s+env .+\n/, timeoutMs);
    const started = linesOf(killed);
    expect(started).toEqual([
      `Console:  ${url}/`,
      `API:      ${url}`,
      'Pictures come from a stand-in, not from Gemini: set GEMINI_API_KEY for real ones.',
      `Try:      ${program} submit --prompt "a front yard" --watch`,
      'One more worker, in another terminal:',
      expect.stringMatching(/^ {2}env .+ worker --nats-url nats:\/\/\S+ --pool default --concurrency 1$/),
    ]);

    const joined = await startProcess('sh', ['-c', `exec ${started.at(-1)!.trim()}`], {
      cwd: folder,
      env: { npm_command: undefined },
    });
    await until(async () => (await client.workers()).length === 2, {
      what: 'the second worker',
      timeoutMs,
    });
    const { id } = await client.submit({ kind: 'image', input: { prompt: 'a yard' }, tasks: [{}, {}, {}, {}] });
    const { tasks } = await client.wait(id);
    expect(new Set(tasks!.map(({ state, worker }) => `${state} ${worker}`)).size).toBe(2);
    await killed.waitFor(new RegExp(`Job ${id} succeeded in .*: 4 tasks`));
    expect(linesOf(killed)).toHaveLength(started.length + 1);
    await joined.stop();

    const second = await refusal(await runDev(place));
    expect(second.code).toBe(1);
    expect(second.lines).toEqual([
      expect.stringMatching(
        new RegExp(`Process \\d+ \\(.genwarden dev. at ${url}/\\) uses the data folder .genwarden$`),
      ),
      expect.stringMatching(/DataDirInUse: Stop the other process/),
    ]);

    await client.submit({ kind: 'image', input: { prompt: '[standin: hang] a yard' } });
    process.kill(Number(await readFile(`${folder}/.genwarden/dev.pid`, 'utf8')), 'SIGKILL');
    await killed.exited;
    const again = await start();
    await again.waitFor(/in another terminal:/, timeoutMs);
    expect((await client.get(id)).state).toBe('succeeded');
    again.type('\x03');
    await again.exited;
    expect(again.text()).toMatch(
      /stopped: jobs and results stay in \.genwarden; 1 open job continues at the next start$/,
    );
  },
  wholeMs,
);

it(
  'names all that is in its way at once; then runs a worker for each pool of a pools file, which fall back on each other',
  async () => {
    const provider = await startStandin();
    onTestFinished(() => provider.close());
    provider.behave({ kind: 'rate-limited', quota: 'credit' });
    const place = await aPlace();
    const pools = [
      {
        name: 'first',
        models: ['gemini-3.1-flash-image'],
        baseUrl: provider.url,
        keys: [{ key: 'own-key' }],
        policy: { fallback: [{ pool: 'reserve' }] },
      },
      { name: 'reserve', provider: 'openai' },
      { name: 'texts', models: ['gemini-2.5-flash'] },
    ];
    await writeFile(`${place.folder}/pools.json`, JSON.stringify({ pools }));
    const [flags] = await Promise.all([offeredPorts(place), refusesFileAsFolder(place)]);
    const dev = await runDev(place, ...flags);
    await dev.waitForLine(/ready: try `\S+ submit --pool first --prompt/, timeoutMs);
    const served = dev.stdout
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ event }) => event === 'dev_pool');
    expect(served).toEqual([
      expect.objectContaining({ pool: 'first', provider: 'gemini', standIn: false }),
      expect.objectContaining({ pool: 'reserve', provider: 'openai', standIn: true }),
      expect.objectContaining({ pool: 'texts', provider: 'gemini', standIn: true }),
    ]);
    const client = new GenwardenClient({ url: `http://127.0.0.1:${flags[flags.indexOf('--http-port') + 1]!}` });
    // The API hears of a worker with its next heartbeat.
    const workers = await until(
      async () => {
        const known = await client.workers();
        return known.length === 3 ? known : undefined;
      },
      { what: 'three workers', timeoutMs },
    );
    expect(new Set(workers.map(({ name }) => name))).toEqual(new Set(served.map(({ worker }) => worker)));
    const jobs = await Promise.all([
      client.submit({ kind: 'image', pool: 'first', input: { prompt: 'a yard' } }),
      client.submit({ kind: 'text', pool: 'texts', input: { prompt: 'a yard' } }),
    ]);
    const ended = await Promise.all(jobs.map(({ id }) => client.wait(id)));
    expect(ended.map(({ tasks }) => [tasks![0]!.state, tasks![0]!.worker])).toEqual([
      ['succeeded', served[1]!['worker']],
      ['succeeded', served[2]!['worker']],
    ]);
    expect(provider.requests.length).toBeGreaterThan(0);
  },
  wholeMs,
);

/** Two ports are taken: one message names both, and offers a command with these ports and the user's own flags. */
async function offeredPorts(place: Place): Promise<string[]> {
  const [api, metrics] = await Promise.all([aTakenPort(), aTakenPort()]);
  const flags = ['--http-port', String(api), '--metrics-port', String(metrics), '--pools-file', 'pools.json'];
  const { code, lines } = await refusal(await runDev(place, ...flags));
  const holder = `used by \\S+ \\(process ${process.pid}\\)$`;
  expect([code, ...lines]).toEqual([
    1,
    'genwarden: 2 ports are not free:',
    expect.stringMatching(new RegExp(`^  ${api} +API and console: ${holder}`)),
    expect.stringMatching(new RegExp(`^  ${metrics} +metrics of the API: ${holder}`)),
    expect.stringContaining(`  With free ports: ${program} dev --pools-file pools.json --http-port `),
    expect.stringContaining('PortInUse: '),
  ]);
  return lines[3]!.split(' dev ')[1]!.split(' ');
}

/** Below the ports that systems give to connections, so that its neighbours stay free. */
async function aTakenPort(): Promise<number> {
  for (;;) {
    const port = randomInt(1_000, 3_000) * 10;
    const server = createServer();
    const taken = new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!(await taken)) continue;
    onTestFinished(() => void server.close());
    return port;
  }
}

async function refusesFileAsFolder(place: Place): Promise<void> {
  await writeFile(`${place.folder}/file`, '');
  expect(await refusal(await runDev(place, '--data-dir', 'file/data'))).toEqual({
    code: 1,
    lines: [
      'genwarden: The data folder file/data cannot be used: a part of its path is a file',
      expect.stringContaining('DataDirNotWritable: '),
    ],
  });
}
