// What each of the chart's NATS users must not be able to do, tried and refused; and what must not be possible at their
// inboxes. With the permissions widened the same tries succeed, so that a refusal is not a mistake of the test.

import { randomUUID } from 'node:crypto';
import { connect } from '@nats-io/transport-node';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { natsJobLog, natsTaskQueue, provisionNats } from '../../../src/adapters/nats/index.ts';
import type { JobLog } from '../../../src/ports/jobLog.ts';
import type { NatsServer } from '../../support/natsServer.ts';
import {
  connectAs,
  natsUsers,
  startPermittedNats,
  type LoggedLink,
  type NatsUser,
} from '../../support/permittedNats.ts';
import { until } from '../../support/until.ts';
import { managerOf } from '../../support/jetStream.ts';

const retentionMs = 3_600_000;
const tasks = 'p_tasks';
const lane = 'default_high';

/** By what it would be good for. */
type Tries = Record<string, `${'publish' | 'subscribe'} ${string}`>;

const nobody: Tries = {
  'delete the stream': `publish $JS.API.STREAM.DELETE.${tasks}`,
  'delete one message of the stream': `publish $JS.API.STREAM.MSG.DELETE.${tasks}`,
  'back up the stream': `publish $JS.API.STREAM.SNAPSHOT.${tasks}`,
  'make a stream of its own': 'publish $JS.API.STREAM.CREATE.mine',
  'delete the pools': 'publish $JS.API.STREAM.DELETE.KV_p_pools',
  'delete the artifacts': 'publish $JS.API.STREAM.DELETE.OBJ_p_artifacts',
  'list what else is in the account': 'publish $JS.API.STREAM.LIST',
  'hear everything': 'subscribe >',
  'see the tasks go by': 'subscribe p.spec.>',
  'see the acknowledgements': `subscribe $JS.ACK.${tasks}.>`,
  'read answers to inboxes of no user': 'subscribe _INBOX.>',
  'answer in the name of JetStream': 'subscribe $JS.API.>',
  'use subjects of other installations': 'publish q.status.default.-.job.0',
};

const noMaker: Tries = {
  'change the stream': `publish $JS.API.STREAM.UPDATE.${tasks}`,
  'make the stream': `publish $JS.API.STREAM.CREATE.${tasks}`,
  'make or change a queue': `publish $JS.API.CONSUMER.CREATE.${tasks}.${lane}`,
  'make a nameless consumer': `publish $JS.API.CONSUMER.CREATE.${tasks}`,
  'make a filtered consumer': `publish $JS.API.CONSUMER.CREATE.${tasks}.${lane}.p.spec.default.high.>`,
  'make a durable consumer': `publish $JS.API.CONSUMER.DURABLE.CREATE.${tasks}.${lane}`,
  'delete a queue': `publish $JS.API.CONSUMER.DELETE.${tasks}.${lane}`,
  "lead in the controller's place": 'publish $KV.p_leader.controller',
  'move the place from which followers begin': 'publish $KV.p_marks.watermark',
};

const noWorker: Tries = {
  'take a task': `publish $JS.API.CONSUMER.MSG.NEXT.${tasks}.${lane}`,
  'acknowledge a task away': `publish $JS.ACK.${tasks}.${lane}.1.1.1.1.0`,
  'pretend that a worker lives': 'publish p.beat.default.worker-1',
  'change the counts of a key': 'publish $KV.p_keys.default.0123456789abcdef',
};

const forbidden: Record<NatsUser, Tries> = {
  api: {
    ...nobody,
    ...noMaker,
    ...noWorker,
    'queue as requeued work, before all others': 'publish p.spec.default.again.job.0',
    'declare a pool': 'publish $KV.p_pools.default',
    'lead as an operator': 'publish $KV.p_leader.operator',
    'listen to recalls': 'subscribe p.recall.*',
  },
  worker: {
    ...nobody,
    ...noMaker,
    'purge the stream': `publish $JS.API.STREAM.PURGE.${tasks}`,
    'submit a task': 'publish p.spec.default.high.job.0',
    'submit a task with normal priority': 'publish p.spec.default.normal.job.0',
    'hold a concurrency key': 'publish p.key.0123',
    'pause a pool': `publish $JS.API.CONSUMER.PAUSE.${tasks}.${lane}`,
    'follow the stream': `publish $JS.API.CONSUMER.CREATE.${tasks}.follow_api_01`,
    "recall another worker's task": 'publish p.recall.worker-1',
    'listen to the beats of others': 'subscribe p.beat.*.*',
    'lead as an operator': 'publish $KV.p_leader.operator',
  },
  controller: {
    ...nobody,
    'purge the stream': `publish $JS.API.STREAM.PURGE.${tasks}`,
    'submit a task': 'publish p.spec.default.normal.job.0',
    'hold a concurrency key': 'publish p.key.0123',
    'acknowledge a task away': `publish $JS.ACK.${tasks}.${lane}.1.1.1.1.0`,
    'pause a pool': `publish $JS.API.CONSUMER.PAUSE.${tasks}.${lane}`,
    'pretend that a worker lives': 'publish p.beat.default.worker-1',
    'declare a pool': 'publish $KV.p_pools.default',
    'change the counts of a key': 'publish $KV.p_keys.default.0123456789abcdef',
    'read an artifact': 'publish $JS.API.STREAM.MSG.GET.OBJ_p_artifacts',
    'replace an artifact': 'publish $O.p_artifacts.M.abc',
    'lead as an operator': 'publish $KV.p_leader.operator',
  },
  operator: {
    ...nobody,
    ...noMaker,
    ...noWorker,
    'purge the stream': `publish $JS.API.STREAM.PURGE.${tasks}`,
    'queue as requeued work, before all others': 'publish p.spec.default.again.job.0',
    "use a follower's name of the API": `publish $JS.API.CONSUMER.MSG.NEXT.${tasks}.follow_api_01`,
    'listen to recalls': 'subscribe p.recall.*',
  },
};

let server: NatsServer | undefined;
afterEach(() => (server = undefined));

const started = async (edit?: (text: string) => string): Promise<NatsServer> =>
  (server ??= await startPermittedNats({ prefix: 'p', ...(edit === undefined ? {} : { edit }) }));

describe.each(natsUsers)('the user %s', (user) => {
  it('may not do what is not its part', async () => {
    const { link } = await connectAs(await started(), user, 'p');
    const others = natsUsers.filter((other) => other !== user);
    const inboxes = others.map((other) => [`read the answers of ${other}`, `subscribe _INBOX_${other}.>`] as const);
    const tries: Tries = { ...forbidden[user], ...Object.fromEntries(inboxes) };
    const allowed = await allowedOf(link.connection, tries);
    expect(allowed).toEqual([]);
    expect(Object.keys(tries).length).toBeGreaterThanOrEqual(8);
  });

  it('could do all of it without its permissions', async () => {
    const nats = await started((text) => text.replaceAll(/allow: \[/g, 'allow: [">", '));
    const { link } = await connectAs(nats, user, 'p');
    expect(await allowedOf(link.connection, forbidden[user])).toEqual(Object.keys(forbidden[user]));
  });
});

it("the system's user hears who comes and goes, and may do nothing else", async () => {
  const nats = await started();
  const login = { servers: nats.url, user: 'system', pass: 'password-of-system' };
  const connection = await connect(login);
  const tries: Tries = {
    'hear everything of the server': 'subscribe $SYS.>',
    "hear of one connection's refusals": 'subscribe $SYS.ACCOUNT.GENWARDEN.LEAFNODE.CONNECT',
    "hear the server's figures": 'subscribe $SYS.SERVER.*.STATSZ',
    'ask for its figures': 'publish $SYS.REQ.SERVER.PING',
    'list the connections': 'publish $SYS.REQ.SERVER.PING.CONNZ',
    'reload the server': 'publish $SYS.REQ.SERVER.NAAA.RELOAD',
    'kick a client': 'publish $SYS.REQ.SERVER.NAAA.KICK',
    'read answers': 'subscribe _INBOX.>',
    'publish anything': 'publish p.status.default.-.job.0',
  };
  expect(await allowedOf(connection, tries)).toEqual([]);
  const heard: string[] = [];
  for (const kind of ['CONNECT', 'DISCONNECT']) {
    connection.subscribe(`$SYS.ACCOUNT.*.${kind}`, { callback: (_error, { subject }) => void heard.push(subject) });
  }
  await connection.flush();
  await (await connectAs(nats, 'worker', 'p')).link.close();
  const both = ['$SYS.ACCOUNT.GENWARDEN.CONNECT', '$SYS.ACCOUNT.GENWARDEN.DISCONNECT'];
  await until(() => both.every((subject) => heard.includes(subject)), { what: 'both events' });
  await connection.close();
});

it("a queue stays as it is, whatever another process's user sends under the names that it may use", async () => {
  const nats = await started();
  const { link } = await connectAs(nats, 'controller', 'p');
  await provisionNats(link, { retentionMs });
  await natsTaskQueue(link).ensurePool('default');
  const api = await connectAs(nats, 'api', 'p');
  const config = { name: lane, durable_name: lane, ack_policy: 'explicit', filter_subject: 'p.spec.none.high.>' };
  const body = JSON.stringify({ stream_name: tasks, config });
  const subject = `$JS.API.CONSUMER.CREATE.${tasks}.follow_api_01`;
  const answer = await api.link.connection.request(subject, body, { timeout: 2_000 });
  expect(answer.json()).toMatchObject({ error: { code: 400 } });
  const info = await (await managerOf(link)).consumers.info(tasks, lane);
  expect(info.config.filter_subject).toBe('p.spec.default.high.>');
});

it('a question that NATS refuses fails at once, with a code, and is logged', async () => {
  const nats = await started((text) => text.replaceAll('"$JS.API.STREAM.MSG.GET.%PREFIX%_tasks", ', ''));
  const controller: LoggedLink = await connectAs(nats, 'controller', 'p');
  await provisionNats(controller.link, { retentionMs });
  const { link, errors } = await connectAs(nats, 'api', 'p');
  const log = await natsJobLog(link, { retentionMs });
  await expect(log.last({ pool: 'default', job: randomUUID(), task: 0 })).rejects.toMatchObject({
    code: 'NatsPermissionDenied',
    message: `NATS does not let this user publish to $JS.API.STREAM.MSG.GET.${tasks}.`,
  });
  expect(errors).toMatchObject([{ code: 'NatsPermissionDenied', operation: 'publish' }]);
});

it('followers share the names that their user may give a consumer, and one too many waits for a free one', async () => {
  // Two of the thirty-two are left.
  const nats = await started((text) => text.replaceAll(/^.*follow_api_(?!01|02).*$/gm, ''));
  const controller = await connectAs(nats, 'controller', 'p');
  await provisionNats(controller.link, { retentionMs });
  const log = await natsJobLog((await connectAs(nats, 'api', 'p')).link, { retentionMs });
  const followers = [1, 2, 3].map(() => follow(log));
  onTestFinished(() => followers.forEach(({ stop }) => stop.abort()));
  const current = (): typeof followers => followers.filter(({ seen }) => seen.at(-1) === 'caughtUp');
  await until(() => current().length === 2, { what: 'two followers to be current' });
  const names = (await (await managerOf(controller.link)).consumers.info(tasks, 'follow_api_01')).name;
  expect(names).toBe('follow_api_01');
  const late = followers.find((one) => !current().includes(one))!;
  await until(() => late.seen.includes('NATS creates no consumer: all names that this user may use are taken'), {
    what: 'the third to say why it waits',
  });
  current()[0]!.stop.abort();
  await until(() => late.seen.at(-1) === 'caughtUp', { what: 'the third to have its turn' });
});

function follow(log: JobLog): { seen: string[]; stop: AbortController } {
  const seen: string[] = [];
  const stop = new AbortController();
  void (async () => {
    for await (const event of log.follow({ from: 'watermark' }, stop.signal)) {
      seen.push(event.event === 'lagging' ? event.reason : event.event);
    }
  })();
  return { seen, stop };
}

interface Connection {
  publish(subject: string): void;
  subscribe(subject: string, options: { callback: () => void }): { unsubscribe(): void };
  flush(): Promise<void>;
  status(): AsyncIterable<{ type: string; error?: unknown }>;
}

/** The names of what was not refused. NATS answers in the order of asking: after the flush, every refusal is there. */
async function allowedOf(connection: Connection, tries: Tries): Promise<string[]> {
  const refused = new Set<string>();
  void (async () => {
    for await (const { error } of connection.status()) {
      const { operation, subject } = (error ?? {}) as { operation?: string; subject?: string };
      if (subject !== undefined) refused.add(`${operation === 'publish' ? 'publish' : 'subscribe'} ${subject}`);
    }
  })();
  for (const what of Object.values(tries)) {
    const [verb, subject] = what.split(' ') as ['publish' | 'subscribe', string];
    if (verb === 'publish') connection.publish(subject);
    else connection.subscribe(subject, { callback: () => undefined });
  }
  await connection.flush();
  await connection.flush();
  return Object.entries(tries).flatMap(([name, what]) => (refused.has(what) ? [] : [name]));
}
