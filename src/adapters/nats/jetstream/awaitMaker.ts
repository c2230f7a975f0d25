// Waiting for a stream or bucket that another process makes: this one's NATS user may not.

import { setTimeout as pause } from 'node:timers/promises';
import type { NatsLink } from '../link/connection.ts';

type Link = Pick<NatsLink, 'rights' | 'log' | 'waiting' | 'stopping' | 'closing'>;

const lookAgainAfter = 250;
const sayAgainAfter = 10_000;

export const mayMake = ({ rights }: Pick<Link, 'rights'>, stream: string): boolean =>
  rights().mayPublish(`$JS.API.STREAM.CREATE.${stream}`);

/**
 * Looks four times a second until the stream is as it should be, saying so in the log and in the readiness. Throws what
 * `look` throws, or the reason for which the process stops or the signal aborted.
 */
export async function awaitMaker(
  link: Link,
  what: string,
  look: () => Promise<boolean>,
  signal?: AbortSignal,
): Promise<void> {
  const stop = AbortSignal.any([link.stopping, link.closing, ...(signal === undefined ? [] : [signal])]);
  let said = -Infinity;
  const reason = `waiting for the controller: ${what}`;
  try {
    while (!(await look())) {
      stop.throwIfAborted();
      link.waiting.add(reason);
      if (performance.now() - said >= sayAgainAfter) {
        link.log.info(
          { waiting: what },
          `${what}, and this process's NATS user may not do it: waiting for a controller`,
        );
        said = performance.now();
      }
      await pause(lookAgainAfter, undefined, { signal: stop }).catch(() => stop.throwIfAborted());
    }
  } finally {
    link.waiting.delete(reason);
  }
}
