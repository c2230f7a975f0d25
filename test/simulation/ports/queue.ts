// The task queue as one worker has it: pulls that time out, deliveries that get lost on the way and come again, deliveries
// that come twice, and acknowledgements that never arrive.

import type { Delivery, TaskQueue } from '../../../src/ports/taskQueue.ts';
import type { Link } from '../link.ts';
import { replaceMethods } from '../overlay.ts';

/** ms after which a pull is asked for anew. */
const pullExpires = 5_000;

export function queueOver(link: Link): TaskQueue {
  const claimable: TaskQueue['claimable'] = async (pool, atMost, signal) => {
    while (!signal.aborted) {
      const deliveries = await pull(link, pool, atMost, signal);
      if (deliveries.length > 0) return deliveries.map((delivery) => overLink(link, delivery));
    }
    return [];
  };
  const { queue } = link.server;
  return replaceMethods<TaskQueue>(queue, (name, method) => {
    if (name === 'claimable') return claimable as typeof method;
    return name === 'close' ? async () => undefined : (...args) => link.request(name, async () => method(...args));
  });
}

/** What one pull brings; nothing when it expires, or when its connection breaks under it. */
async function pull(link: Link, pool: string, atMost: number, signal: AbortSignal): Promise<readonly Delivery[]> {
  const { process, server } = link;
  const { promise, resolve } = Promise.withResolvers<readonly Delivery[]>();
  const stop = new AbortController();
  const none = (): void => resolve([]);
  const expiry = setTimeout(none, link.up ? pullExpires : 100);
  const unlisten = link.onStatus(none);
  // The server lets go of a pull whose connection has ended.
  const unlistenEnd = process.onEnd(() => stop.abort());
  signal.addEventListener('abort', none, { once: true });
  link.say(() => {
    if (server.jetStream && !stop.signal.aborted) void serve();
  });
  const serve = async (): Promise<void> => {
    const deliveries = await server.queue.claimable(pool, atMost, stop.signal);
    if (deliveries.length > 0) link.deliver(() => resolve(deliveries));
    for (const delivery of deliveries)
      if (process.random.chance(link.weather.repeatedWord)) delivery.giveBack(process.random.next() * 100);
  };
  const deliveries = await promise;
  clearTimeout(expiry);
  unlisten();
  unlistenEnd();
  signal.removeEventListener('abort', none);
  stop.abort();
  return deliveries;
}

const overLink = (link: Link, delivery: Delivery): Delivery => ({
  entry: structuredClone(delivery.entry),
  redelivered: delivery.redelivered,
  done: () => link.say(() => link.server.jetStream && delivery.done()),
  giveBack: (delay) => link.say(() => link.server.jetStream && delivery.giveBack(delay)),
});
