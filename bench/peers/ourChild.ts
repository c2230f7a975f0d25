// A client and worker of Genwarden: `ourChild.ts URL`. Adds go to the job log; the worker is the product's own, with a
// provider that does nothing.

import pino from 'pino';
import { connectNats } from '../../src/adapters/nats/index.ts';
import { aSpec, declarePools, openOurs, startNothingWorker } from '../ours.ts';
import { promptOf } from './payload.ts';
import { serve } from './role.ts';

const [url] = process.argv.slice(2);
const settings = { urls: [url!], prefix: 'genwarden', name: `bench-${process.pid}` };
const link = await connectNats(settings, { signal: new AbortController().signal, log: pino({ level: 'silent' }) });
const ours = await openOurs(link);
await declarePools(link, ['default']);

serve({
  add: (id) => ours.log.submit([aSpec(ours.clock, String(id), promptOf(id))]),
  work: async (slots, seen) => {
    const worker = await startNothingWorker(ours, slots, {
      onStart: ({ input }) => seen.started(input.prompt),
      onEnd: ({ of }) => seen.ended(of.job),
    });
    return { [Symbol.asyncDispose]: () => worker.drain() };
  },
});
