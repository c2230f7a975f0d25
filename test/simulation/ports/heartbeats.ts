// Heartbeats and cancellations as core messages over a connection: lost, late, twice. The adapter's own hold judges
// lost connections, fed with the events of the simulated system account.

import { eventQueue } from '../../../src/async/eventQueue.ts';
import type { Beat, BeatEvent, Cancellation, Heartbeats } from '../../../src/ports/heartbeats.ts';
import { connectionLosses, type ConnectionLosses } from '../../../src/adapters/nats/heartbeats/connectionLosses.ts';
import type { Link } from '../link.ts';
import type { Listener } from '../connection.ts';

const hold = 1_000;
/** A beat that is older than this is not sent again at a reconnect, ms. */
const repeatable = 10_000;

export interface HeartbeatsOptions {
  /** Whether the process may listen to the system account. */
  readonly system: boolean;
}

export function heartbeatsOver(link: Link, { system }: HeartbeatsOptions): Heartbeats {
  const { server, process } = link;
  let latest: { beat: Omit<Beat, 'connection'>; at: number } | undefined;
  const send = (beat: Omit<Beat, 'connection'>): void => {
    const whole: Beat = { ...beat, connection: { server: 'nats', client: link.client } };
    link.say(() => {
      for (const listener of server.beats) listener.link.deliver(() => listener.hear(whole));
    });
  };
  link.onStatus((status) => {
    if (status === 'reconnected' && latest !== undefined && process.monotonic() - latest.at < repeatable)
      send(latest.beat);
  });
  const losses = system ? lossesOver(link) : undefined;
  return {
    beat: (beat) => {
      latest = { beat, at: process.monotonic() };
      send(beat);
    },
    watch: (signal) => watchOver(link, losses, signal),
    requestProviderChecks: () => true,
    sendCancellation: (worker, cancellation) =>
      link.say(() => {
        for (const listener of server.cancellations.get(worker) ?? [])
          listener.link.deliver(() => listener.hear(cancellation));
      }),
    cancellations: (worker, signal) => cancellationsOver(link, worker, signal),
  };
}

function lossesOver(link: Link): ConnectionLosses {
  const losses = connectionLosses(hold);
  listen(link, link.server.connections, losses.observe);
  return losses;
}

function watchOver(link: Link, losses: ConnectionLosses | undefined, signal: AbortSignal): AsyncIterable<BeatEvent> {
  const events = eventQueue<BeatEvent>(signal, () => stops.forEach((stop) => stop?.()));
  const stops = [
    listen(link, link.server.beats, (beat) => {
      losses?.observeBeat(beat);
      events.push({ event: 'beat', beat });
    }),
    link.onStatus((status) => {
      if (status !== 'stalled' && link.server.notifiesObservers)
        events.push({ event: status === 'reconnected' ? 'observerReconnected' : 'observerDisconnected' });
    }),
    losses?.onLoss((worker, reason) => events.push({ event: 'connectionLost', worker, reason })),
  ];
  if (!link.up) events.push({ event: 'observerDisconnected' });
  return events;
}

function cancellationsOver(link: Link, worker: string, signal: AbortSignal): AsyncIterable<Cancellation> {
  const cancellations = eventQueue<Cancellation>(signal, () => stop());
  const listeners = link.server.cancellations.get(worker) ?? new Set();
  link.server.cancellations.set(worker, listeners);
  const stop = listen(link, listeners, cancellations.push);
  return cancellations;
}

function listen<T>(link: Link, listeners: Set<Listener<T>>, hear: (message: T) => void) {
  const listener = { link, hear };
  listeners.add(listener);
  const unlisten = (): void => void listeners.delete(listener);
  link.process.onEnd(unlisten);
  return unlisten;
}
