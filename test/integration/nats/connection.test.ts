// The connection to a real server: waiting, rejections, reconnecting, closing.

import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect as connectPlain } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { connectNats, type NatsLink, type NatsSettings } from '../../../src/adapters/nats/index.ts';
import { startNatsServer, type NatsServer } from '../../support/natsServer.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { until } from '../../support/until.ts';

async function server(options: Parameters<typeof startNatsServer>[0] = {}) {
  const started = await startNatsServer(options);
  onTestFinished(() => started.stop());
  return started;
}

const never = new AbortController().signal;

function connect(settings: Partial<NatsSettings> & { urls: string[] }, signal = never) {
  const lines: string[] = [];
  const note = (_fields: object, message: string): void => void lines.push(message);
  const log = { debug: note, info: note, warn: note, error: note };
  const link = connectNats({ prefix: 'test', name: 'a-name', ...settings }, { signal, log });
  link.then(
    (open) => onTestFinished(() => open.close()),
    () => undefined,
  );
  return { link, lines };
}

/** A server that sends INFO as nats-server does, and then nothing else. */
async function greeter(info: object): Promise<string> {
  const listener = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(`INFO ${JSON.stringify({ server_id: 'N', max_payload: 1024, proto: 1, headers: true, ...info })}\r\n`);
    socket.on('data', (chunk) => {
      if (String(chunk).includes('PING')) socket.write('PONG\r\n');
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise((resolve) => listener.close(() => resolve())));
  return `nats://127.0.0.1:${(listener.address() as AddressInfo).port}`;
}

test('waits for a server that is away, and logs that without the password', async () => {
  const away = await server();
  away.kill('SIGKILL');
  await away.exited;
  const { link, lines } = connect({ urls: [away.url.replace('//', '//me:pa55word@')] });
  await until(() => lines.length > 0, { what: 'a line that says that it waits' });
  expect(lines[0]).toBe(`Waiting for ${away.url}: ConnectionError: connection refused`);
  await away.restart();
  expect((await link).connected()).toBe(true);
  expect(lines.join('\n')).not.toContain('pa55word');
  expect(lines).toHaveLength(1);
});

test('waiting ends with the signal', async () => {
  const stop = new AbortController();
  const { link, lines } = connect({ urls: ['nats://127.0.0.1:1'] }, stop.signal);
  await until(() => lines.length > 0, { what: 'a line that says that it waits' });
  stop.abort(new Error('asked to stop'));
  await expect(link).rejects.toThrow('asked to stop');
});

test('a rejected login is an error with advice, not a wait', async () => {
  const { url } = await server({ config: 'authorization { user: me, password: right }' });
  const refused = connect({ urls: [url], user: 'me', password: 'wrong' }).link;
  await expect(refused).rejects.toMatchObject({ code: 'InvalidConfiguration' });
  await expect(refused).rejects.toThrow(/GENWARDEN_NATS_USER/);
  expect((await connect({ urls: [url], user: 'me', password: 'right' }).link).connected()).toBe(true);
  expect((await connect({ urls: [url.replace('//', '//me:right@')] }).link).connected()).toBe(true);
});

test('a password with characters of URLs and escapes works by itself and percent-encoded in the URL', async () => {
  const password = `p%40@:/#? ,é"'\\%`;
  const { url } = await server({ config: `authorization { user: me, password: ${JSON.stringify(password)} }` });
  expect((await connect({ urls: [url], user: 'me', password }).link).connected()).toBe(true);
  const inUrl = connect({ urls: [url.replace('//', `//me:${encodeURIComponent(password)}@`)] });
  expect((await inUrl.link).connected()).toBe(true);
  const wrong = connect({ urls: [url.replace('//', '//me:p%25ss@')] }).link;
  await expect(wrong).rejects.toThrow(`NATS at ${url} rejected the login`);
});

test('an unreadable file in the settings is an error', async () => {
  await using folder = await tempFolder();
  const missing = join(folder.path, 'missing.creds');
  const { link } = connect({ urls: ['nats://127.0.0.1:1'], creds: missing });
  await expect(link).rejects.toMatchObject({ code: 'InvalidConfiguration' });
  const ca = join(folder.path, 'ca.pem');
  await writeFile(ca, 'no certificate');
  await expect(connect({ urls: ['nats://127.0.0.1:1'], tls: { ca, key: missing } }).link).rejects.toThrow(missing);
});

test('a server that is too old is refused', async () => {
  const url = await greeter({ version: '2.11.9', jetstream: true });
  const { link } = connect({ urls: [url] });
  await expect(link).rejects.toMatchObject({ code: 'NatsTooOld' });
  await expect(link).rejects.toThrow(/2\.11\.9 is too old: Genwarden needs 2\.12/);
});

test('an account without JetStream is refused', async () => {
  const { url } = await server({
    config: 'accounts { BARE { users: [{user: bare, password: bare}] }, JS { jetstream: enabled } }',
  });
  await expect(connect({ urls: [url], user: 'bare', password: 'bare' }).link).rejects.toMatchObject({
    code: 'NatsUnsuitable',
  });
});

test('reconnects by itself, reports it, and knows its new ids', async () => {
  const nats = await server();
  const link = await connect({ urls: [nats.url] }).link;
  const seen: string[] = [];
  link.onStatus((status) => seen.push(`${status} ${link.connected()}`));
  const firstServer = link.serverId();
  nats.kill('SIGKILL');
  await until(() => seen.length === 1, { what: 'the loss to be seen' });
  expect(link.serverId()).toBe(firstServer);
  expect(link.clientId()).toBeGreaterThan(0);
  const back = link.whenConnected(never);
  await nats.restart();
  await back;
  expect(seen).toEqual(['disconnected false', 'reconnected true']);
  expect(link.serverId()).not.toBe(firstServer);
  await link.connection.flush();
});

test('a frozen server is detected although its socket stays open', async () => {
  const nats = await server();
  const link = await connect({ urls: [nats.url] }).link;
  nats.kill('SIGSTOP');
  await until(() => !link.connected(), { what: 'the connection to count as lost', timeoutMs: 12_000 });
  nats.kill('SIGCONT');
  await link.whenConnected(never);
});

test('a request in progress fails at once when the connection is lost', async () => {
  const nats = await server();
  const link = await connect({ urls: [nats.url] }).link;
  link.connection.subscribe('silent', { callback: () => undefined });
  await link.connection.flush();
  const request = link.whileConnected(() => link.connection.request('silent', '', { timeout: 60_000 }));
  nats.kill('SIGKILL');
  await expect(request).rejects.toMatchObject({ code: 'Unavailable' });
  await expect(link.whileConnected(() => Promise.resolve(1))).rejects.toMatchObject({ code: 'Unavailable' });
});

test('closing sends pending messages, and ends even without a server', async () => {
  const nats = await server();
  const [sender, receiver] = [await connect({ urls: [nats.url] }).link, await connect({ urls: [nats.url] }).link];
  const received: string[] = [];
  receiver.connection.subscribe('last.words', { callback: (_error, message) => void received.push(message.string()) });
  await receiver.connection.flush();
  sender.connection.publish('last.words', 'goodbye');
  await sender.close();
  expect(sender.closing.aborted).toBe(true);
  await until(() => received.includes('goodbye'), { what: 'the last words' });
  nats.kill('SIGKILL');
  await nats.exited;
  await closesTwice(receiver);
});

async function closesTwice(link: NatsLink): Promise<void> {
  await Promise.all([link.close(), link.close()]);
  expect(link.connection.isClosed()).toBe(true);
  expect(link.connected()).toBe(false);
}

test('a connection beside the first carries its purpose in its name, log lines and errors, and closes with the first', async () => {
  const one = await server({ systemAccount: true });
  const { link: opening, lines } = connect({ urls: [one.url], user: 'app', password: 'app' });
  const link = await opening;
  const artifacts = await link.another('artifacts');
  expect(await connectionNames(one)).toEqual(['a-name', 'a-name-artifacts']);
  expect(artifacts.clientId()).not.toBe(link.clientId());
  expect(artifacts.inbox()).toMatch(/^_INBOX_app\./);
  expect(artifacts.lost().message).toBe('The connection for artifacts to NATS is lost.');
  one.kill('SIGKILL');
  await until(() => lines.length === 2, { what: 'both to be lost' });
  expect(lines.toSorted()).toEqual(['NATS connection disconnected', 'NATS connection for artifacts disconnected']);
  await one.restart();
  await Promise.all([link.whenConnected(never), artifacts.whenConnected(never)]);
  await link.close();
  expect(artifacts.connection.isClosed()).toBe(true);
});

/** As the system account sees them. */
async function connectionNames({ url, systemUser }: NatsServer): Promise<string[]> {
  const { user, password: pass } = systemUser!;
  const connection = await connectPlain({ servers: url, user, pass });
  const answer = await connection.request('$SYS.REQ.SERVER.PING.CONNZ', '{}', { timeout: 5_000 });
  await connection.close();
  const { data } = answer.json<{ data: { connections: { name?: string }[] } }>();
  return data.connections.flatMap(({ name }) => name ?? []).toSorted();
}
