// The baseline: the same JetStream operations on the same server with messages of the same size, in the simplest loops that
// the client library allows.

import {
  AckPolicy,
  jetstream,
  jetstreamManager,
  type Consumer,
  type JetStreamClient,
  type JsMsg,
} from '@nats-io/jetstream';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import type { NatsLink } from '../src/adapters/nats/link/connection.ts';
import { inParallel, percentiles, timed, type Percentiles } from './measure.ts';

export interface BareStream {
  readonly js: JetStreamClient;
  readonly name: string;
  readonly consumer: Consumer;
  /** Headers and body as long as those of a real spec, and of a real status. */
  readonly spec: Sample;
  readonly status: Sample;
}

export interface Sample {
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

/** A stream with the settings of ours, and one pull consumer on its specs. */
export async function openBareStream(link: NatsLink, like: string, spec: Sample, status: Sample): Promise<BareStream> {
  const name = 'bare';
  const jsm = await jetstreamManager(link.connection, { checkAPI: false });
  const js = jetstream(link.connection);
  const { config } = await jsm.streams.info(like);
  await jsm.streams.add({ ...config, name, subjects: ['bare.>'] });
  await jsm.consumers.add(name, {
    durable_name: 'work',
    ack_policy: AckPolicy.Explicit,
    ack_wait: 5_000_000_000,
    max_ack_pending: 1_000_000,
    filter_subject: 'bare.spec.>',
  });
  return { js, name, consumer: await js.consumers.get(name, 'work'), spec, status };
}

/** Create-only publishes per second. */
export async function bareSubmits(bare: BareStream, count: number, atOnce: number, round: string): Promise<number> {
  const seconds = await timed(() => inParallel(count, atOnce, (index) => submit(bare, `${round}${index}`)));
  return count / seconds;
}

/** Deliver, publish `running`, ack, publish the end: tasks per second, `slots` at once. The specs must be stored already. */
export async function bareLives(bare: BareStream, count: number, slots: number): Promise<number> {
  const messages = await bare.consumer.consume({ max_messages: slots });
  const running = new Set<Promise<void>>();
  let started = 0;
  const seconds = await timed(async () => {
    for await (const message of messages) {
      const life = live(bare, message).finally(() => running.delete(life));
      running.add(life);
      started += 1;
      if (started === count) break;
      if (running.size >= slots) await Promise.race(running);
    }
    await Promise.all(running);
  });
  await messages.close();
  return count / seconds;
}

/** Publish to receive on an idle queue with an open pull, ms. */
export async function bareDispatch(bare: BareStream, count: number): Promise<Percentiles> {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const next = bare.consumer.next({ expires: 30_000 });
    const published = performance.now();
    const stored = submit(bare, `dispatch${index}`);
    const message = await next;
    times.push(performance.now() - published);
    await stored;
    message?.ack();
  }
  return percentiles(times);
}

function submit({ js, spec }: BareStream, id: string): Promise<unknown> {
  const expect = { lastSubjectSequence: 0, lastSubjectSequenceSubject: `bare.*.${id}.*` };
  return js.publish(`bare.spec.${id}.0`, spec.body, { headers: headersOf(spec), expect });
}

async function live({ js, status }: BareStream, message: JsMsg): Promise<void> {
  const subject = message.subject.replace('.spec.', '.status.');
  const filter = message.subject.replace('.spec.', '.*.');
  const publish = (last: number) =>
    js.publish(subject, status.body, {
      headers: headersOf(status),
      expect: { lastSubjectSequence: last, lastSubjectSequenceSubject: filter },
    });
  const { seq } = await publish(message.seq);
  message.ack();
  await publish(seq);
}

function headersOf(sample: Sample): MsgHdrs {
  const all = headers();
  for (const [name, value] of sample.headers) all.append(name, value);
  return all;
}
