// The counts of requests that API processes accepted, as core NATS messages: nothing is stored.

import { z } from 'zod';
import { maxCounts, type RequestCounts, type RequestReport } from '../../../ports/requestCounts.ts';
import type { NatsLink } from '../link/connection.ts';
import { listen } from '../link/listen.ts';

export function natsRequestCounts(link: NatsLink): RequestCounts {
  const { connection } = link;
  const subject = `${link.prefix}.requests`;
  return {
    send(report) {
      // The client would buffer the message and send it later, when the counts are old.
      if (!link.connected() || connection.isClosed() || !link.permissions().mayPublish(subject)) return;
      connection.publish(subject, JSON.stringify(report));
    },
    watch: (listener) =>
      listen(link, subject, (bytes) => {
        const report = parsed(bytes);
        if (report !== undefined) listener(report);
        return report !== undefined;
      }),
  };
}

/** Unknown fields, which a newer version may have added, are dropped. */
const reportSchema: z.ZodType<RequestReport> = z.object({
  process: z.string().min(1).max(128),
  counts: z
    .array(
      z.object({
        principal: z.string().min(1).max(64),
        requests: z.int().min(1).max(1_000_000),
        perSecond: z.number().positive().max(1_000_000),
      }),
    )
    .max(maxCounts),
});

function parsed(bytes: Uint8Array): RequestReport | undefined {
  try {
    return reportSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    return undefined;
  }
}
