// Follows the stream over a connection: in order, late, sometimes twice, silent for a while when the consumer dies without
// notice, and lagging while the stream does not answer.

import { eventQueue, type EventQueue } from '../../../src/async/eventQueue.ts';
import type { FollowEvent, FollowFrom, Position } from '../../../src/ports/jobLog.ts';
import type { Link } from '../link.ts';

/** ms without events after which a follower asks the stream and notices. */
const findOut = 1_500;
/** The probability, per message on a bad network, that the consumer dies without notice. */
const silentDeath = 0.004;

export async function* followOver(link: Link, from: FollowFrom, signal: AbortSignal): AsyncGenerator<FollowEvent> {
  const events = eventQueue<FollowEvent>(signal, () => undefined);
  let position: Position | undefined = from.from === 'position' ? from.position : undefined;
  let stop = stopped();
  const open = (): void => {
    stop = new AbortController();
    pump(link, position === undefined ? from : { from: 'position', position }, stop.signal, events, close);
  };
  const close = (reason: string): void => {
    if (stop.signal.aborted) return;
    stop.abort();
    events.push({ event: 'lagging', reason });
    reopen();
  };
  const reopen = (): void => {
    if (signal.aborted) return;
    if (link.up && link.server.jetStream) open();
    else setTimeout(reopen, 100);
  };
  const unlisten = link.onStatus((status) => {
    if (status === 'disconnected') close('the connection is lost');
    if (status === 'stalled') setTimeout(() => close('the stream does not answer'), findOut);
  });
  reopen();
  try {
    for await (const event of events) {
      if (event.event === 'caughtUp') position = event.position;
      if (event.event === 'entry' && position !== undefined) {
        position = { ...position, sequence: Math.max(position.sequence, event.entry.sequence) };
      }
      yield event;
    }
  } finally {
    stop.abort();
    unlisten();
  }
}

/** Delivers the events of one consumer until it is stopped or dies. */
function pump(
  link: Link,
  from: FollowFrom,
  stop: AbortSignal,
  events: EventQueue<FollowEvent>,
  die: (reason: string) => void,
): void {
  const { random } = link.process;
  const silent = new AbortController();
  const push = (event: FollowEvent): void => link.deliver(() => stop.aborted || events.push(event));
  const flow = async (): Promise<void> => {
    for await (const event of link.server.log.follow(from, AbortSignal.any([stop, silent.signal]))) {
      push(event);
      if (event.event === 'entry' && random.chance(link.network.repeatedMessage)) push(event);
      if (link.network.repeatedMessage > 0 && random.chance(silentDeath)) silent.abort();
    }
  };
  silent.signal.addEventListener('abort', () =>
    link.process.after(findOut, () => stop.aborted || die('the consumer fell silent')),
  );
  link.process.schedule.after(link.delay(), () => {
    if (!stop.aborted) link.server.process.enter(() => void flow());
  });
}

function stopped(): AbortController {
  const stop = new AbortController();
  stop.abort();
  return stop;
}
