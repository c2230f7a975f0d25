// Genwarden on its own nats-server. Its controller runs beside the API, as in any installation.

import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { parseTaskState } from '../../src/adapters/nats/stream/taskHeader.ts';
import { startNatsServer, type NatsServer } from '../../test/support/natsServer.ts';
import { until } from '../../test/support/until.ts';
import { environment, start, urlOf } from '../processes.ts';
import { apiOf, childOf, durabilities, type Contender, type Durability } from './contender.ts';

/** As `bin/genwarden` starts a worker. */
const workerFlags = ['--max-semi-space-size=2'];
const stream = 'genwarden_tasks';

export async function openGenwarden(durability: Durability): Promise<Contender> {
  const nats = await natsWith(durability);
  return {
    startChild: () => childOf('ourChild.ts', nats.url, workerFlags),
    startApi: () => startApi(nats),
    verify: async (count, state) => {
      const states = await lastStates(nats.url);
      if (states[state] === count && Object.keys(states).length === 1) return;
      throw new Error(`Genwarden: not ${count} tasks ${state}, but ${JSON.stringify(states)}`);
    },
    [Symbol.asyncDispose]: () => nats.stop(),
  };
}

/** The least that can be done on JetStream, over HTTP only. */
export async function openBare(durability: Durability): Promise<Contender> {
  const nats = await natsWith(durability);
  return {
    startChild: () => Promise.reject(new Error('the bare loop has an API only')),
    startApi: () => apiOf('bareApi.ts', nats.url),
    verify: async (count) => {
      const stored = await messagesOf(nats.url, 'bare');
      if (stored !== count) throw new Error(`bare loop: ${stored} messages instead of ${count}`);
    },
    [Symbol.asyncDispose]: () => nats.stop(),
  };
}

const natsWith = (durability: Durability): Promise<NatsServer> =>
  startNatsServer({ syncInterval: durabilities[durability].syncInterval });

async function startApi(nats: NatsServer): ReturnType<Contender['startApi']> {
  await using owned = new AsyncDisposableStack();
  const env = environment(nats, 'http://127.0.0.1:9');
  owned.use(await start(['controller'], { env, readyWhen: /controller started/, timeoutMs: 60_000 }));
  const api = owned.use(await start(['api'], { env, readyWhen: /API on/, timeoutMs: 60_000 }));
  const url = urlOf(api);
  await until(async () => (await fetch(`${url}/readyz`)).status === 200, { what: 'the API', timeoutMs: 60_000 });
  const kept = owned.move();
  return { url, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** How many tasks are in each state by the last message of their log. */
async function lastStates(url: string): Promise<Record<string, number>> {
  await using connection = await open(url);
  const jsm = await jetstreamManager(connection, { checkAPI: false });
  const { num_pending: pending, name } = await jsm.consumers.add(stream, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.All,
    filter_subjects: ['genwarden.spec.>', 'genwarden.status.>'],
    headers_only: true,
    mem_storage: true,
    inactive_threshold: 60e9,
  });
  const last = new Map<string, string>();
  if (pending > 0) {
    const consumer = await jetstream(connection).consumers.get(stream, name);
    const messages = await consumer.consume({ max_messages: 5_000 });
    for await (const message of messages) {
      const state = parseTaskState(message.headers!.get('Genwarden-Task'));
      if (typeof state === 'string') throw new Error(state);
      last.set(`${state.of.job}.${state.of.task}`, state.state);
      if (message.info.pending === 0) break;
    }
  }
  return Object.fromEntries(
    Map.groupBy(last.values(), (state) => state)
      .entries()
      .map(([state, all]) => [state, all.length]),
  );
}

async function messagesOf(url: string, name: string): Promise<number> {
  await using connection = await open(url);
  const jsm = await jetstreamManager(connection, { checkAPI: false });
  return (await jsm.streams.info(name)).state.messages;
}

async function open(url: string) {
  const connection = await connect({ servers: url });
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() });
}
