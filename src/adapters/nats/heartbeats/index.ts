// Heartbeats and cancellations as core NATS messages: nothing is stored, so a JetStream failover interrupts no heartbeat.

import { eventQueue } from '../../../async/eventQueue.ts';
import type { Beat, BeatEvent, Cancellation, Heartbeats } from '../../../ports/heartbeats.ts';
import type { NatsLink } from '../link/connection.ts';
import { listen } from '../link/listen.ts';
import { nameToken } from '../link/nameToken.ts';
import { readBeat, readCancellation } from './codec.ts';
import type { ConnectionLosses } from './connectionLosses.ts';

export interface HeartbeatOptions {
  /** The system account's connection events, which show lost workers immediately. Without them, only missing heartbeats do. */
  readonly losses?: ConnectionLosses | undefined;
}

/** A heartbeat older than this is not sent again at a reconnect, ms: its worker may have ended. */
const resendWithin = 10_000;

export function natsHeartbeats(link: NatsLink, options: HeartbeatOptions = {}): Heartbeats {
  const { connection, prefix } = link;
  const latest = new Map<string, { beat: Omit<Beat, 'connection'>; at: number }>();
  const send = (beat: Omit<Beat, 'connection'>): void => {
    // The client would buffer the heartbeat and send it later, as if the worker were alive then.
    if (!link.connected()) return;
    const whole: Beat = { ...beat, connection: { server: link.serverId(), client: link.clientId() } };
    connection.publish(`${prefix}.beat.${nameToken(beat.pool)}.${nameToken(beat.worker)}`, JSON.stringify(whole));
  };
  const sendAgain = (): void => {
    for (const [worker, { beat, at }] of latest) {
      if (performance.now() - at > resendWithin) latest.delete(worker);
      else send(beat);
    }
  };
  // The first message on a new connection: it names the new connection's ids and ends the hold.
  const stop = link.onStatus((status) => status === 'reconnected' && sendAgain());
  link.closing.addEventListener('abort', stop, { once: true });
  return {
    beat: (beat) => {
      latest.set(beat.worker, { beat, at: performance.now() });
      send(beat);
    },
    requestProviderChecks: () => {
      const mayAsk = link.connected();
      if (mayAsk) connection.publish(rollCallSubject(link), providerCheckRequest);
      return mayAsk;
    },
    watch: (signal) => watchBeats(link, options.losses, signal),
    // The subject keeps the name `recall` because permissions and other versions use it.
    sendCancellation: (worker, cancellation) => {
      if (link.connected()) connection.publish(`${prefix}.recall.${nameToken(worker)}`, JSON.stringify(cancellation));
    },
    cancellations: (worker, signal) => watchCancellations(link, worker, signal),
  };
}

/** The body of a roll call that asks for more than a heartbeat. Older workers answer it with a heartbeat. */
const providerCheckRequest = 'provider';

/**
 * Calls `beat` whenever an observer starts, so that it does not have to wait for the next heartbeat, and `checkProvider` when one
 * asks for that. Ends with the link.
 */
export function answerRollCalls(link: NatsLink, beat: () => void, checkProvider: () => void): void {
  const stop = listen(link, rollCallSubject(link), (bytes) => {
    if (new TextDecoder().decode(bytes) === providerCheckRequest) checkProvider();
    else beat();
    return true;
  });
  link.closing.addEventListener('abort', stop, { once: true });
}

const rollCallSubject = ({ prefix }: NatsLink): string => `${prefix}.rollcall`;

function requestBeats(link: NatsLink): void {
  if (link.connected()) link.connection.publish(rollCallSubject(link));
}

function watchBeats(
  link: NatsLink,
  losses: ConnectionLosses | undefined,
  signal: AbortSignal,
): AsyncIterable<BeatEvent> {
  const ended = AbortSignal.any([signal, link.closing]);
  const releases: (() => void)[] = [];
  const events = eventQueue<BeatEvent>(ended, () => releases.forEach((release) => release()));
  const listening = listen(link, `${link.prefix}.beat.*.*`, (bytes) => {
    const beat = readBeat(bytes);
    if (beat === undefined) return false;
    losses?.observeBeat(beat);
    events.push({ event: 'beat', beat });
    return true;
  });
  const status = link.onStatus((now) => {
    events.push({ event: now === 'reconnected' ? 'observerReconnected' : 'observerDisconnected' });
    if (now === 'reconnected') requestBeats(link);
  });
  requestBeats(link);
  const loss = losses?.onLoss((worker, reason) => events.push({ event: 'connectionLost', worker, reason }));
  releases.push(listening, status, loss ?? (() => undefined));
  if (!link.connected()) events.push({ event: 'observerDisconnected' });
  return events;
}

function watchCancellations(link: NatsLink, worker: string, signal: AbortSignal): AsyncIterable<Cancellation> {
  const ended = AbortSignal.any([signal, link.closing]);
  const cancellations = eventQueue<Cancellation>(ended, () => stop());
  const stop = listen(link, `${link.prefix}.recall.${nameToken(worker)}`, (bytes) => {
    const cancellation = readCancellation(bytes);
    if (cancellation !== undefined) cancellations.push(cancellation);
    return cancellation !== undefined;
  });
  return cancellations;
}
