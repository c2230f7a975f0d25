// The text of running tasks as core NATS messages: nothing is stored, and without a watcher the server drops each message.

import { z } from 'zod';
import type { PartialText, PartialTexts, TextRequest } from '../../../ports/partialTexts.ts';
import type { NatsLink } from '../link/connection.ts';
import { nameToken } from '../link/nameToken.ts';
import { listen } from '../link/listen.ts';

export function natsPartialTexts(link: NatsLink): PartialTexts {
  const { connection, prefix } = link;
  const watchers = new Map<string, Watched>();
  const publish = (subject: string, message: object): boolean => {
    // The client would buffer the message and send it later; NATS reports each publish that it refuses.
    if (!link.connected() || connection.isClosed() || !link.permissions().mayPublish(subject)) return false;
    connection.publish(subject, JSON.stringify(message));
    return true;
  };
  const watched = (job: string): Watched => {
    const listeners = new Set<(text: PartialText) => void>();
    const tell = (text: PartialText): void => listeners.forEach((listener) => listener(text));
    return { listeners, stop: listen(link, `${prefix}.text.*.${nameToken(job)}`, reader(textSchema, tell)) };
  };
  return {
    send: (text) => publish(`${prefix}.text.${nameToken(text.pool)}.${nameToken(text.job)}`, text),
    watch: (job, listener) => {
      // A job may have many watchers; each message is read once.
      const { listeners, stop } = watchers.get(job) ?? watched(job);
      watchers.set(job, { listeners: listeners.add(listener), stop });
      return () => {
        if (!listeners.delete(listener) || listeners.size > 0) return;
        watchers.delete(job);
        stop();
      };
    },
    ask: (job, request) => void publish(askSubject(prefix, job), request),
    onAsked: (job, listener) => listen(link, askSubject(prefix, job), reader(requestSchema, listener)),
  };
}

/** The watchers of one job share a subscription. */
interface Watched {
  readonly listeners: Set<(text: PartialText) => void>;
  readonly stop: () => void;
}

const askSubject = (prefix: string, job: string): string => `${prefix}.asktext.${nameToken(job)}`;

const count = z.int().min(0);
const name = z.string().min(1).max(128);

/** Unknown fields, which a newer version may have added, are dropped. */
const textSchema: z.ZodType<PartialText> = z.object({
  worker: name,
  pool: name,
  job: name,
  task: count,
  run: count,
  attempt: count,
  claim: count,
  call: count,
  offset: count,
  text: z.string().min(1),
  progress: z.number().min(0).max(1),
});

const requestSchema: z.ZodType<TextRequest> = z.object({ task: count.exactOptional(), from: count.exactOptional() });

/** False for anything that is not such a message. */
function reader<T>(schema: z.ZodType<T>, listener: (message: T) => void): (bytes: Uint8Array) => boolean {
  return (bytes) => {
    const message = parsed(schema, bytes);
    if (message !== undefined) listener(message);
    return message !== undefined;
  };
}

function parsed<T>(schema: z.ZodType<T>, bytes: Uint8Array): T | undefined {
  try {
    return schema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    return undefined;
  }
}
