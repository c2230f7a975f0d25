// A worker whose provider answers at once with a picture: `worker.ts URL COUNT`. Once it has ended COUNT tasks it prints, as JSON,
// the delays of its event loop meanwhile.

import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import pino from 'pino';
import { connectNats } from '../../src/adapters/nats/index.ts';
import { openOurs, startNothingWorker } from '../ours.ts';

const [url, count] = process.argv.slice(2);
/** The size of a picture, bytes. */
const size = 2_000_000;
const resolutionMs = 1;

const photograph = readFileSync(new URL('../../examples/front-yard.jpg', import.meta.url));
const settings = { urls: [url!], prefix: 'genwarden', name: `bench-${process.pid}` };
const signal = new AbortController().signal;
const link = await connectNats(settings, { signal, log: pino({ level: 'silent' }) });
const ours = await openOurs(link);
const delay = monitorEventLoopDelay({ resolution: resolutionMs });
let made = 0;
let ended = 0;

const worker = await startNothingWorker(ours, 10, {
  image: () => ({ mediaType: 'image/jpeg', bytes: picture(made++) }),
  onEnd: () => {
    ended += 1;
    // The first ones compile the code.
    if (ended === 5) delay.enable();
    if (ended === Number(count)) end();
  },
});
process.once('SIGTERM', () => void worker.drain().then(() => process.exit(0)));
console.log('ready');

/** A photograph with bytes behind its end, as telephones append them. No two pictures are the same. */
function picture(index: number): Uint8Array {
  const bytes = Buffer.alloc(size);
  photograph.copy(bytes);
  bytes.writeUInt32LE(index, size - 4);
  return bytes;
}

function end(): void {
  delay.disable();
  // The histogram counts the time between two turns of its timer.
  const ms = (ns: number): number => Math.max(0, ns / 1e6 - resolutionMs);
  const lag = { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max) };
  console.log(JSON.stringify({ lag, peakMb: process.resourceUsage().maxRSS / 1_024 }));
}
