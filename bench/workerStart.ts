// Measures the start of a worker for which a task waits already: `node bench/workerStart.ts`. Each `--program <path>` measures
// the processes of another build in turn with the others, so that both have the same machine. On a busy machine, compare the
// processor time.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { GenwardenClient } from '../src/client/index.ts';
import { startStandin } from '../src/standin/standin.ts';
import { markdownTable } from '../test/support/markdownTable.ts';
import { startNatsServer } from '../test/support/natsServer.ts';
import { startProcess, type TestProcess } from '../test/support/process.ts';
import { percentiles } from './measure.ts';

const { values } = parseArgs({ options: { program: { type: 'string', multiple: true }, rounds: { type: 'string' } } });
const programs = values.program ?? [fileURLToPath(new URL('../bin/genwarden', import.meta.url))];
const rounds = Number(values.rounds ?? 10);

await using nats = await startNatsServer();
await using processes = new AsyncDisposableStack();
const standin = await startStandin({ latencyMs: 0 });
processes.defer(() => standin.close());
await keep('controller', /controller started/);
const api = await keep('api', /API on (http:\S+?)["\s]/);
const client = new GenwardenClient({ url: /API on (http:\S+?)["\s]/.exec(api.lines.join('\n'))![1]! });
// It declares the pool.
await (await start(programs[0]!, 'worker', /worker started/)).stop();

const steps = ['process listens', 'worker started', 'first claim', 'result', 'processor time until then'] as const;
const measured = programs.map(() => steps.map((): number[] => []));
for (let round = 0; round < rounds; round += 1) {
  for (const [of, program] of programs.entries()) {
    const times = await startOnce(program);
    times.forEach((time, step) => measured[of]![step]!.push(time));
  }
}
const lines = programs.flatMap((program, of) =>
  steps.map((step, at) => {
    const { p50, max } = percentiles(measured[of]![at]!);
    return [program, step, p50.toFixed(0), max.toFixed(0)];
  }),
);
process.stdout.write(markdownTable(['program', 'since the start of the process', 'p50 (ms)', 'max (ms)'], lines));

/** ms from the start of the process to each step. */
async function startOnce(program: string): Promise<number[]> {
  const { id } = await client.submit({ kind: 'image', input: { prompt: 'a yard [standin: image small]' } });
  const startedAt = Date.now();
  const worker = await start(program, 'worker', /worker started/);
  await client.wait(id);
  const cpuMs = cpuOf(worker.pid);
  const history = await client.history(id);
  await worker.stop();
  const logged = ['metrics on', 'worker started'].map((message) => {
    const { time } = JSON.parse(worker.lines.find((line) => line.includes(message))!) as { time: number | string };
    return typeof time === 'number' ? time : Date.parse(time);
  });
  const written = ['running', 'succeeded'].map((state) => Date.parse(history.find((one) => one.state === state)!.at));
  return [...[...logged, ...written].map((time) => time - startedAt), cpuMs];
}

/** User and system time of the process so far, ms, to 10 ms. */
function cpuOf(pid: number): number {
  // The name of the program, in parentheses, may contain spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function keep(name: string, readyWhen: RegExp): Promise<TestProcess> {
  const started = await start(programs[0]!, name, readyWhen);
  processes.defer(() => started.stop());
  return started;
}

function start(program: string, name: string, readyWhen: RegExp): Promise<TestProcess> {
  const env = {
    GENWARDEN_NATS_URL: nats.url,
    GENWARDEN_HTTP_PORT: '0',
    GENWARDEN_METRICS_PORT: '0',
    GENWARDEN_GEMINI_API_KEYS: 'bench',
    GENWARDEN_GEMINI_BASE_URL: standin.url,
    GENWARDEN_GEMINI_REQUESTS_PER_MINUTE: '60000',
    GENWARDEN_LOG_FORMAT: 'json',
  };
  return startProcess(program, [name], { env, readyWhen, timeoutMs: 60_000 });
}
