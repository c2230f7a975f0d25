// The store of webhook deliveries on JetStream: conditional writes, and reads that need no consumer. A server that is killed
// forgets acknowledgements, and redeliveries have no order, so the position in the log is a record here too.

import type { StreamInfo } from '@nats-io/jetstream';
import { headers as newHeaders, nuid } from '@nats-io/transport-node';
import { GenwardenError } from '../../../job/errors/index.ts';
import type { Sequence } from '../../../job/time.ts';
import type { WebhookDelivery } from '../../../job/webhooks/delivery.ts';
import { jobOfEventId } from '../../../job/webhooks/events.ts';
import type { StoredDelivery, WebhookDeliveries } from '../../../ports/webhookDeliveries.ts';
import { askApi } from '../jetstream/api.ts';
import { isStreamNotFound, portError } from '../jetstream/errors.ts';
import { expect, publishConditionally } from '../jetstream/publish.ts';
import { directRead, directReadOrTooMany, leaderRead, type StoredMessage } from '../jetstream/reads.ts';
import { once } from '../jetstream/retry.ts';
import { webhooksName } from '../jetstream/streamNames.ts';
import type { NatsLink } from '../link/connection.ts';
import { headerNames } from '../stream/codec.ts';
import { deliveryOf, positionOf } from './record.ts';
import { deliveryFilter, deliverySubject, positionSubject } from './stream.ts';

/** Opens nothing: a process can start before the controller has created the stream. Until then, calls throw `NotReady`. */
export function natsWebhookDeliveries(link: NatsLink): WebhookDeliveries {
  const { prefix } = link;
  const stream = webhooksName(prefix);
  return withCodes({
    write: (delivery, expected) => writeDelivery(link, delivery, expected),
    find: async (tenant, id) => {
      const job = jobOfEventId(id);
      if (job === undefined) return undefined;
      const last = await leaderRead(link, stream, { last_by_subj: deliveryFilter(prefix, { tenant, job, id }) });
      return last && deliveryOf(last);
    },
    pending: async (after, limit) => {
      const filter = deliverySubject(prefix, { state: 'pending', tenant: '*', job: '*', id: '*' });
      const { messages } = await directRead(link, stream, { seq: after + 1, next_by_subj: filter, batch: limit });
      return stored(messages);
    },
    dead: async (tenant, after, limit) => {
      const filter = deliverySubject(prefix, { state: 'dead', tenant, job: '*', id: '*' });
      const query = { seq: after + 1, next_by_subj: filter, batch: limit };
      const { messages, more } = await directRead(link, stream, query);
      return {
        items: await newestOnly(link, stored(messages)),
        next: more && messages.length > 0 ? messages.at(-1)!.sequence : null,
      };
    },
    ofJob: async (tenant, job) => {
      const open = (['pending', 'dead'] as const).map(async (state) => {
        const filter = deliverySubject(prefix, { state, tenant, job, id: '*' });
        const { messages } = await directRead(link, stream, { seq: 1, next_by_subj: filter, batch: 500 });
        return stored(messages);
      });
      return newestOnly(link, (await Promise.all(open)).flat());
    },
    countDead: async () => {
      const subjects_filter = deliverySubject(prefix, { state: 'dead', tenant: '*', job: '*', id: '*' });
      const { state } = await askApi<StreamInfo>(link, `STREAM.INFO.${stream}`, {
        subjects_filter,
      });
      return Object.keys(state.subjects ?? {}).length;
    },
    position: async () => {
      const last = await leaderRead(link, stream, { last_by_subj: positionSubject(prefix) });
      return last && positionOf(last);
    },
    savePosition: async (position) => {
      const message = { subject: positionSubject(prefix), headers: newHeaders(), body: JSON.stringify(position) };
      await publishConditionally(link, message);
    },
  });
}

/** Every error of the store has a code. */
function withCodes(store: WebhookDeliveries): WebhookDeliveries {
  const coded =
    <Arguments extends unknown[], T>(call: (...values: Arguments) => Promise<T>) =>
    (...values: Arguments): Promise<T> =>
      call(...values).catch((error: unknown) => {
        if (!isStreamNotFound(error)) throw portError(error, 'InternalError', 'The webhook deliveries cannot be used');
        const message = 'The controller has not created the stream of webhook deliveries yet';
        throw new GenwardenError('NotReady', message, { cause: error });
      });
  return {
    write: coded(store.write),
    find: coded(store.find),
    pending: coded(store.pending),
    dead: coded(store.dead),
    ofJob: coded(store.ofJob),
    countDead: coded(store.countDead),
    position: coded(store.position),
    savePosition: coded(store.savePosition),
  };
}

const stored = (messages: readonly StoredMessage[]): StoredDelivery[] =>
  messages.flatMap((message) => deliveryOf(message) ?? []);

async function writeDelivery(
  link: NatsLink,
  delivery: WebhookDelivery,
  expected: Sequence,
): Promise<Sequence | undefined> {
  const filter = deliveryFilter(link.prefix, delivery);
  const writeId = nuid.next();
  const headers = newHeaders();
  headers.append(headerNames.writeId, writeId);
  expect(headers, { filter, sequence: expected });
  const message = { subject: deliverySubject(link.prefix, delivery), headers, body: JSON.stringify(delivery) };
  const answer = await publishConditionally(link, message);
  const sequence = answer.answer === 'stored' ? answer.sequence : await ownRecord(link, filter, writeId);
  if (sequence !== undefined && expected > 0) await forget(link, expected);
  return sequence;
}

/** The sequence of this very write, if it was stored and only its answer was lost. */
async function ownRecord(link: NatsLink, filter: string, writeId: string): Promise<Sequence | undefined> {
  const last = await leaderRead(link, webhooksName(link.prefix), { last_by_subj: filter });
  return last?.headers?.get(headerNames.writeId) === writeId ? last.sequence : undefined;
}

/** Deletes a record that a newer one of another state has replaced. If that fails, readers still find the newer one. */
async function forget(link: NatsLink, sequence: Sequence): Promise<void> {
  const stream = webhooksName(link.prefix);
  await askApi(link, `STREAM.MSG.DELETE.${stream}`, { seq: sequence, no_erase: true }, once).catch(() => undefined);
}

/** Those that no newer record has replaced; the server answers at most 1,024 subjects at once. */
async function newestOnly(link: NatsLink, found: readonly StoredDelivery[]): Promise<readonly StoredDelivery[]> {
  if (found.length === 0) return [];
  const filters = found.map(({ delivery }) => deliveryFilter(link.prefix, delivery));
  const chunks = Array.from({ length: Math.ceil(filters.length / 300) }, (_, at) =>
    filters.slice(at * 300, at * 300 + 300),
  );
  const newest = new Map<string, Sequence>();
  for (const multi_last of chunks) {
    const answer = await directReadOrTooMany(link, webhooksName(link.prefix), { multi_last });
    for (const { delivery, sequence } of answer === 'tooMany' ? [] : stored(answer.messages))
      newest.set(delivery.id, Math.max(sequence, newest.get(delivery.id) ?? 0));
  }
  return found.filter(({ delivery, sequence }) => sequence >= (newest.get(delivery.id) ?? 0));
}
