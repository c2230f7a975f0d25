// The task queue of one worker: pulls time out, deliveries get lost and are redelivered or arrive twice, and acknowledgements
// get lost.

import type { Delivery, Room, TaskQueue } from '../../../src/ports/taskQueue.ts';
import type { Link } from '../link.ts';
import { replaceMethods } from '../replaceMethods.ts';

/** ms after which a pull is sent again. */
const pullExpires = 5_000;

export function queueOver(link: Link): TaskQueue {
  const claimable: TaskQueue['claimable'] = async (pool, atMost, signal, room) => {
    while (!signal.aborted) {
      const deliveries = await pull(link, { pool, atMost, room }, signal);
      if (deliveries.length > 0) return deliveries.map((delivery) => overLink(link, delivery));
    }
    return [];
  };
  const { queue } = link.server;
  return replaceMethods<TaskQueue>(queue, (name, method) => {
    if (name === 'claimable') return claimable as typeof method;
    // Answered from the process's memory.
    if (name === 'partsServed' || name === 'roomChanged') return method;
    return name === 'close' ? async () => undefined : (...args) => link.request(name, async () => method(...args));
  });
}

/** Created once, because an abort without a reason creates an error with a stack trace. */
const over = new Error('the pull is over');

interface Wanted {
  readonly pool: string;
  readonly atMost: number;
  readonly room: Room | undefined;
}

/** The deliveries of one pull; none when it expires or its connection breaks. */
async function pull(link: Link, { pool, atMost, room }: Wanted, signal: AbortSignal): Promise<readonly Delivery[]> {
  const { process, server } = link;
  const { promise, resolve } = Promise.withResolvers<readonly Delivery[]>();
  const stop = new AbortController();
  const none = (): void => resolve([]);
  const expiry = setTimeout(none, link.up ? pullExpires : 100);
  const unlisten = link.onStatus(none);
  // The server drops a pull when its connection ends.
  const unlistenEnd = process.onEnd(() => stop.abort(over));
  signal.addEventListener('abort', none, { once: true });
  link.say(() => {
    if (server.jetStream && !stop.signal.aborted) void serve();
  });
  const serve = async (): Promise<void> => {
    const deliveries = await server.queue.claimable(pool, atMost, stop.signal, room);
    if (deliveries.length > 0) link.deliver(() => resolve(deliveries));
    for (const delivery of deliveries)
      if (process.random.chance(link.network.repeatedMessage)) delivery.nak(process.random.next() * 100);
  };
  const deliveries = await promise;
  clearTimeout(expiry);
  unlisten();
  unlistenEnd();
  signal.removeEventListener('abort', none);
  stop.abort(over);
  return deliveries;
}

const overLink = (link: Link, delivery: Delivery): Delivery => ({
  entry: structuredClone(delivery.entry),
  redelivered: delivery.redelivered,
  ack: () => link.say(() => link.server.jetStream && delivery.ack()),
  nak: (delay) => link.say(() => link.server.jetStream && delivery.nak(delay)),
  working: () => link.say(() => link.server.jetStream && delivery.working()),
});
