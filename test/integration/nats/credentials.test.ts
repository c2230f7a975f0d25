// Credentials files of operator mode and TLS handshake-first, on a real server with real processes; and what happens to a
// connection whose file is rotated, expires or vanishes.

import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { connectNats, type NatsLink } from '../../../src/adapters/nats/index.ts';
import { anImage, startInstallation } from '../../support/installation.ts';
import { operatorMode } from '../../support/natsJwt.ts';
import { startNatsServer, type NatsServer } from '../../support/natsServer.ts';
import { selfSigned } from '../../support/selfSigned.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { until } from '../../support/until.ts';

let folder: Awaited<ReturnType<typeof tempFolder>>;
let server: NatsServer;
let ca: string;
const operator = operatorMode();
const never = new AbortController().signal;
const longAgo = 1_700_000_000;

beforeAll(async () => {
  folder = await tempFolder();
  ca = await file('cert.pem', selfSigned.cert);
  const key = await file('key.pem', selfSigned.key);
  const tls = `tls { cert_file: "${ca}", key_file: "${key}", handshake_first: true }`;
  server = await startNatsServer({ config: `${operator.config}\n${tls}`, tls: true });
});

afterAll(async () => {
  await server.stop();
  await folder.remove();
});

test('processes log in with a credentials file and start TLS first', { timeout: 90_000 }, async () => {
  const creds = await file('processes.creds', operator.creds().text);
  const env = { GENWARDEN_NATS_CREDS: creds, GENWARDEN_NATS_TLS_CA: ca, GENWARDEN_NATS_TLS_HANDSHAKE_FIRST: 'on' };
  const { client } = await startInstallation({ nats: server, env });
  const { id } = await client.submit(anImage('a fern'));
  expect(await client.wait(id)).toMatchObject({ state: 'succeeded' });
});

test('a rotated file counts at the next connection; the last login stays while there is no file', async () => {
  const [first, second] = [operator.creds(), operator.creds()];
  const creds = await file('rotated.creds', first.text.replaceAll('\n', '\r\n'));
  const { link, lines } = await connect(creds);
  expect(await userOf(link)).toBe(first.user);
  await rm(creds);
  await reconnect(link);
  expect(await userOf(link)).toBe(first.user);
  await writeFile(creds, operator.creds(longAgo).text);
  await server.restart();
  await until(() => lines.some((line) => line.startsWith('NATS rejects the login')), {
    what: 'a line about the login',
  });
  expect(link.connected()).toBe(false);
  await writeFile(creds, second.text);
  await link.whenConnected(never);
  expect(await userOf(link)).toBe(second.user);
});

test('an expired login, a file without credentials and a server without handshake-first are errors with advice', async () => {
  const expired = await file('expired.creds', operator.creds(longAgo).text);
  await expect(connect(expired)).rejects.toThrow(/rejected the login.*expired.*GENWARDEN_NATS_CREDS/i);
  const empty = await file('empty.creds', '');
  await expect(connect(empty)).rejects.toThrow(`The NATS credentials file ${empty} has no JWT and seed`);
  const later = await startNatsServer({
    config: `tls { cert_file: "${ca}", key_file: "${join(folder.path, 'key.pem')}" }`,
  });
  onTestFinished(() => later.stop());
  const good = await file('good.creds', operator.creds().text);
  await expect(connect(good, later)).rejects.toThrow(/TLS connection.*failed.*GENWARDEN_NATS_TLS_HANDSHAKE_FIRST/);
});

test('a server that demands client certificates is an error that says so, where the client only notices a timeout', async () => {
  const files = `cert_file: "${ca}", key_file: "${join(folder.path, 'key.pem')}", ca_file: "${ca}"`;
  const strict = await startNatsServer({ config: `tls { ${files}, verify: true }` });
  onTestFinished(() => strict.stop());
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const settings = { urls: [strict.url], tls: { ca }, prefix: 'test', name: 'a-name' };
  await expect(connectNats(settings, { signal: never, log })).rejects.toThrow(
    /demands a client certificate.*GENWARDEN_NATS_TLS_CERT and GENWARDEN_NATS_TLS_KEY/,
  );
});

test('a process that waits for the first word of such a server says which setting it needs', async () => {
  const stop = new AbortController();
  const lines: string[] = [];
  const note = (_fields: object, message: string): void => void lines.push(message);
  const log = { debug: note, info: note, warn: note, error: note };
  const settings = { urls: [server.url], tls: { ca }, prefix: 'test', name: 'a-name' };
  const connecting = connectNats(settings, { signal: stop.signal, log });
  await until(() => lines.some((line) => line.includes('GENWARDEN_NATS_TLS_HANDSHAKE_FIRST=on')), {
    what: 'the advice',
    timeoutMs: 30_000,
  });
  stop.abort(new Error('enough'));
  await expect(connecting).rejects.toThrow('enough');
});

async function file(name: string, text: string): Promise<string> {
  const path = join(folder.path, name);
  await writeFile(path, text);
  return path;
}

async function connect(creds: string, to = server): Promise<{ link: NatsLink; lines: string[] }> {
  const lines: string[] = [];
  const note = (_fields: object, message: string): void => void lines.push(message);
  const log = { debug: note, info: note, warn: note, error: note };
  const tls = { ca, handshakeFirst: 'on' } as const;
  const settings = { urls: [to.url], creds, tls, prefix: 'test', name: 'a-name' };
  const link = await connectNats(settings, { signal: never, log });
  onTestFinished(() => link.close());
  return { link, lines };
}

async function reconnect(link: NatsLink): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  link.onStatus((status) => status === 'reconnected' && resolve());
  await server.restart();
  await promise;
}

async function userOf({ connection }: NatsLink): Promise<string> {
  const answer = await connection.request('$SYS.REQ.USER.INFO', '', { timeout: 5_000 });
  return answer.json<{ data: { user: string } }>().data.user;
}
