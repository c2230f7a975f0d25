// Text that streams while its stream is cut, its worker is killed, the API and NATS restart, and readers stand still: each reader
// ends with exactly the output, and a dead attempt's text is replaced.

import { readFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import type { TextPiece } from '../../../src/client/index.ts';
import { writtenText } from '../../../src/standin/writing.ts';
import { until } from '../../support/until.ts';
import { startWorld, type FaultWorld } from '../support/world.ts';
import { addEdgeRow } from './edgeRows.ts';
import { outcomesOf } from './outcomes.ts';

const letters = 4;
/** About two seconds of writing. */
const letter = { length: 2_000, marker: '[standin: write 2000 every 25ms]' };

it('text survives what happens between the model and its readers', async () => {
  const world = await startWorld({ env: { GENWARDEN_HEARTBEAT_TIMEOUT: '2s', GENWARDEN_CONCURRENCY: '10' } });
  await row(world, 'streams of text cut in the middle', { first: '[standin: cut-body x1] ' });
  await row(world, 'worker killed while it streams text', {
    fault: async () => {
      await world.start('worker');
      world.first.worker.kill('SIGKILL');
    },
  });
  await row(world, 'api killed while it passes text on', {
    fault: async () => {
      world.first.api.kill('SIGKILL');
      await world.first.api.exited;
      await world.start('api');
    },
  });
  await row(world, 'nats-server restarted while text passes', { fault: () => world.nats.restart() });
});

it('a text of a million characters reaches its reader beside readers that stand still', async () => {
  const world = await startWorld({ env: { GENWARDEN_CONCURRENCY: '10' } });
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const { id } = await world.client.submit({ kind: 'text', input: { prompt: '[standin: write 1000000 every 3ms]' } });
  for (let count = 0; count < 20; count += 1) await fetch(`${world.url}/v1/jobs/${id}/events`, { signal: stop.signal });
  const reader = reading(world.client.text(id));
  const beside = await innocents(world);
  expect(await reader.text).toBe(writtenText(1_000_000));
  const harmed = await harmedOf(world, beside);
  const memory = { api: peakMemory(world.first.api.pid), worker: peakMemory(world.first.worker.pid) };
  console.log(`a million characters in ${reader.pieces.length} pieces; memory at most ${JSON.stringify(memory)} MB`);
  const outcomes = await outcomesOf(world.client, [id, ...beside]);
  expect([outcomes.lost, harmed]).toEqual([0, 0]);
  addEdgeRow({
    fault: 'a million characters, 20 readers that stand still',
    ...outcomes,
    innocentsHarmed: harmed,
    recoveredAfterMs: undefined,
  });
});

interface Fault {
  /** Comes before the letter in the prompts. */
  readonly first?: string;
  /** Happens when each letter has begun. */
  readonly fault?: () => Promise<unknown>;
}

async function row(world: FaultWorld, what: string, { first = '', fault }: Fault): Promise<void> {
  const submit = (at: number) => {
    const prompt = `${what} ${at} ${first}${letter.marker}`;
    return world.client.submit({ kind: 'text', input: { prompt }, policy: { backoff: { initial: '0s', max: '1s' } } });
  };
  const jobs = (await Promise.all(Array.from({ length: letters }, (_, at) => submit(at)))).map(({ id }) => id);
  const readers = jobs.map((id) => reading(world.client.text(id)));
  await until(() => readers.every(({ pieces }) => pieces.length > 1), { what: 'the first pieces', timeoutMs: 20_000 });
  const began = performance.now();
  await fault?.();
  const over = performance.now() - began;
  const beside = await innocents(world);
  const texts = await Promise.all(readers.map(({ text }) => text));
  const recovered = performance.now() - began - over;
  expect(texts.filter((text) => text !== writtenText(letter.length))).toEqual([]);
  const harmed = await harmedOf(world, beside);
  const outcomes = await outcomesOf(world.client, [...jobs, ...beside]);
  expect([outcomes.lost, harmed]).toEqual([0, 0]);
  addEdgeRow({
    fault: what,
    ...outcomes,
    innocentsHarmed: harmed,
    recoveredAfterMs: fault === undefined ? undefined : Math.round(recovered),
  });
}

function reading(source: AsyncIterable<TextPiece>) {
  const pieces: TextPiece[] = [];
  const text = (async () => {
    for await (const piece of source) pieces.push(piece);
    return pieces.reduce((shown, piece) => shown.slice(0, piece.offset) + piece.text, '');
  })();
  return { pieces, text };
}

/** Pictures of another client, submitted during the fault. */
async function innocents({ client }: FaultWorld): Promise<string[]> {
  const submits = Array.from({ length: 4 }, (_, at) =>
    client.submit({ kind: 'image', input: { prompt: `beside ${at}` } }),
  );
  return (await Promise.all(submits)).map(({ id }) => id);
}

async function harmedOf({ client }: FaultWorld, jobs: readonly string[]): Promise<number> {
  const ended = await Promise.all(jobs.map((id) => client.wait(id)));
  return ended.filter(({ state }) => state !== 'succeeded').length;
}

/** MB. */
function peakMemory(pid: number): number {
  const [, kilobytes = '0'] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1_024);
}
