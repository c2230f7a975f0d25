// The aggregated API as a process for the measurement: index, TLS listener and nothing else. It trusts the client certificate that
// its parent gives it, and allows everything.

import { pino } from 'pino';
import { connectNats, natsClock, natsHeartbeats, natsJobLog } from '../../src/adapters/nats/index.ts';
import { RecentEntries } from '../../src/jobs/events/recentEntries.ts';
import { kubeApi } from '../../src/kubeapi/handler.ts';
import { listen, type Identity } from '../../src/kubeapi/server.ts';
import { startFollower } from '../../src/readmodel/follower.ts';

const { NATS_URL: url = '', IDENTITY: identity = '' } = process.env;
const logger = pino({ level: 'silent' });
const link = await connectNats(
  { urls: [url], prefix: 'genwarden', name: 'bench' },
  { signal: new AbortController().signal, log: logger },
);
const clock = await natsClock(link);
const log = await natsJobLog(link, { retentionMs: 7 * 86_400_000, now: clock.now });
const began = performance.now();
const onFirstCurrent = (): void => console.log(`read ${((performance.now() - began) / 1_000).toFixed(1)}`);
const from = { from: 'watermark', atLeast: 1_000_000 } as const;
const follower = startFollower({ log, clock, logger, from, maxFinished: 200_000, onFirstCurrent });
const handle = kubeApi({
  log,
  clock,
  follower,
  heartbeats: natsHeartbeats(link),
  recent: new RecentEntries(follower),
  reviews: { isAllowed: async () => true },
  monotonic: clock.monotonic,
  onTaskEnded: () => undefined,
  logger,
  closing: new AbortController().signal,
});
const { port } = await listen(handle, { host: '127.0.0.1', port: 0 }, JSON.parse(identity) as Identity);
console.log(`port ${port}`);
