// Everything that each of the chart's NATS users must not be able to do is tried and denied, including reading others' inboxes.
// With wider permissions the same attempts succeed, which shows that the test itself is right.

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

/** Attempts by their purpose. */
type Attempts = Record<string, `${'publish' | 'subscribe'} ${string}`>;

const noUser: Attempts = {
  'delete the stream': `publish $JS.API.STREAM.DELETE.${tasks}`,
  'delete one message of the stream': `publish $JS.API.STREAM.MSG.DELETE.${tasks}`,
  'back up the stream': `publish $JS.API.STREAM.SNAPSHOT.${tasks}`,
  'create another stream': 'publish $JS.API.STREAM.CREATE.mine',
  'delete the pools': 'publish $JS.API.STREAM.DELETE.KV_p_pools',
  'delete the artifacts': 'publish $JS.API.STREAM.DELETE.OBJ_p_artifacts',
  'list what else is in the account': 'publish $JS.API.STREAM.LIST',
  'receive everything': 'subscribe >',
  'read the tasks': 'subscribe p.spec.>',
  'read the acknowledgements': `subscribe $JS.ACK.${tasks}.>`,
  'read answers at inboxes without a user': 'subscribe _INBOX.>',
  'answer in place of JetStream': 'subscribe $JS.API.>',
  'use subjects of other installations': 'publish q.status.default.-.job.0',
};

const onlyController: Attempts = {
  'change the stream': `publish $JS.API.STREAM.UPDATE.${tasks}`,
  'create the stream': `publish $JS.API.STREAM.CREATE.${tasks}`,
  'create or change a queue': `publish $JS.API.CONSUMER.CREATE.${tasks}.${lane}`,
  'create a nameless consumer': `publish $JS.API.CONSUMER.CREATE.${tasks}`,
  'create a filtered consumer': `publish $JS.API.CONSUMER.CREATE.${tasks}.${lane}.p.spec.default.high.>`,
  'create a durable consumer': `publish $JS.API.CONSUMER.DURABLE.CREATE.${tasks}.${lane}`,
  'delete a queue': `publish $JS.API.CONSUMER.DELETE.${tasks}.${lane}`,
  "lead in the controller's place": 'publish $KV.p_leader.controller',
  'move the place from which followers begin': 'publish $KV.p_marks.watermark',
  'move the place from which counters continue': 'publish $KV.p_marks.scrape',
};

const onlyWorkers: Attempts = {
  'take a task': `publish $JS.API.CONSUMER.MSG.NEXT.${tasks}.${lane}`,
  'acknowledge a task away': `publish $JS.ACK.${tasks}.${lane}.1.1.1.1.0`,
  'pretend that a worker is alive': 'publish p.beat.default.worker-1',
  'change the counts of a key': 'publish $KV.p_keys.default.0123456789abcdef',
  'pretend to write text': 'publish p.text.default.job',
};

const onlyApi: Attempts = {
  'read the keys of links': 'publish $JS.API.STREAM.MSG.GET.KV_p_links',
  'replace the keys of links': 'publish $KV.p_links.signing',
};

const forbidden: Record<NatsUser, Attempts> = {
  api: {
    ...noUser,
    ...onlyController,
    ...onlyWorkers,
    'queue as requeued work, before all others': 'publish p.spec.default.again.job.0',
    'declare a pool': 'publish $KV.p_pools.default',
    'lead as an operator': 'publish $KV.p_leader.operator',
    'listen to cancellations': 'subscribe p.recall.*',
  },
  worker: {
    ...noUser,
    ...onlyController,
    ...onlyApi,
    'purge the stream': `publish $JS.API.STREAM.PURGE.${tasks}`,
    'hold a concurrency key': 'publish p.key.0123',
    'pause a pool': `publish $JS.API.CONSUMER.PAUSE.${tasks}.${lane}`,
    'follow the stream': `publish $JS.API.CONSUMER.CREATE.${tasks}.follow_api_01`,
    "cancel another worker's attempt": 'publish p.recall.worker-1',
    'listen to the beats of others': 'subscribe p.beat.*.*',
    'read the text of others': 'subscribe p.text.*.*',
    'ask others for their text': 'publish p.asktext.job',
    'lead as an operator': 'publish $KV.p_leader.operator',
  },
  controller: {
    ...noUser,
    ...onlyApi,
    'purge the stream': `publish $JS.API.STREAM.PURGE.${tasks}`,
    'hold a concurrency key': 'publish p.key.0123',
    'acknowledge a task away': `publish $JS.ACK.${tasks}.${lane}.1.1.1.1.0`,
    'pause a pool': `publish $JS.API.CONSUMER.PAUSE.${tasks}.${lane}`,
    'pretend that a worker is alive': 'publish p.beat.default.worker-1',
    'declare a pool': 'publish $KV.p_pools.default',
    'change the counts of a key': 'publish $KV.p_keys.default.0123456789abcdef',
    'read the text of tasks': 'subscribe p.text.*.*',
    'pretend to write text': 'publish p.text.default.job',
    'read an artifact': 'publish $JS.API.STREAM.MSG.GET.OBJ_p_artifacts',
    'replace an artifact': 'publish $O.p_artifacts.M.abc',
    'lead as an operator': 'publish $KV.p_leader.operator',
  },
  operator: {
    ...noUser,
    ...onlyController,
    ...onlyWorkers,
    ...onlyApi,
    'purge the stream': `publish $JS.API.STREAM.PURGE.${tasks}`,
    'queue as requeued work, before all others': 'publish p.spec.default.again.job.0',
    'read the text of tasks': 'subscribe p.text.*.*',
    "use a follower's name of the API": `publish $JS.API.CONSUMER.MSG.NEXT.${tasks}.follow_api_01`,
    'listen to cancellations': 'subscribe p.recall.*',
  },
};

let server: NatsServer | undefined;
afterEach(() => (server = undefined));

const started = async (edit?: (text: string) => string): Promise<NatsServer> =>
  (server ??= await startPermittedNats({ prefix: 'p', ...(edit === undefined ? {} : { edit }) }));

describe.each(natsUsers)('the user %s', (user) => {
  it('is denied everything beyond its own part', async () => {
    const { link } = await connectAs(await started(), user, 'p');
    const others = natsUsers.filter((other) => other !== user);
    const inboxes = others.map((other) => [`read the answers of ${other}`, `subscribe _INBOX_${other}.>`] as const);
    const attempts: Attempts = { ...forbidden[user], ...Object.fromEntries(inboxes) };
    const allowed = await allowedOf(link.connection, attempts);
    expect(allowed).toEqual([]);
    expect(Object.keys(attempts).length).toBeGreaterThanOrEqual(8);
  });

  it('could do all of it with wider permissions', async () => {
    const nats = await started((text) => text.replaceAll(/allow: \[/g, 'allow: [">", '));
    const { link } = await connectAs(nats, user, 'p');
    expect(await allowedOf(link.connection, forbidden[user])).toEqual(Object.keys(forbidden[user]));
  });
});

it("the system account's user receives connection events, and may do nothing else", async () => {
  const nats = await started();
  const login = { servers: nats.url, user: 'system', pass: 'password-of-system' };
  const connection = await connect(login);
  const attempts: Attempts = {
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
  expect(await allowedOf(connection, attempts)).toEqual([]);
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

it('no user can change a queue through the consumer names that it may use', async () => {
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

it('a request that NATS denies fails at once with a code, and is logged', async () => {
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

it('followers share the consumer names that their user may use; one too many waits for a free name', async () => {
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

/** The names of the attempts that were not denied. NATS answers in order: after the flush, every denial has arrived. */
async function allowedOf(connection: Connection, attempts: Attempts): Promise<string[]> {
  const refused = new Set<string>();
  void (async () => {
    for await (const { error } of connection.status()) {
      const { operation, subject } = (error ?? {}) as { operation?: string; subject?: string };
      if (subject !== undefined) refused.add(`${operation === 'publish' ? 'publish' : 'subscribe'} ${subject}`);
    }
  })();
  for (const what of Object.values(attempts)) {
    const [verb, subject] = what.split(' ') as ['publish' | 'subscribe', string];
    if (verb === 'publish') connection.publish(subject);
    else connection.subscribe(subject, { callback: () => undefined });
  }
  await connection.flush();
  await connection.flush();
  return Object.entries(attempts).flatMap(([name, what]) => (refused.has(what) ? [] : [name]));
}
