// `genwarden doctor`: check marks, exit codes, the NATS check while the API is unavailable, and the bundle.

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../support/commandLine.ts';
import { answerJson, answerProblem, FakeApi } from '../../fakes/fakeApi.ts';
import { startNatsServer } from '../../support/natsServer.ts';
import { tempFolder } from '../../support/tempFolder.ts';

const sound = { name: 'nats', ok: true, says: 'version 2.12.0', advice: null, seenBy: 'api-1' };
const ill = { name: 'controller', ok: false, says: 'no controller leads', advice: 'Start one', seenBy: 'api-1' };
const cooling = {
  name: 'keys of default',
  ok: true,
  says: 'a1b2c3d4e5f60718 cooling (RateLimited) until 2026-01-01T00:11:00Z (60s), 18a1b2c3d4e5f607 ready',
  advice: 'No action needed: each key is used again at its time.',
  seenBy: 'api-1',
};
const call = {
  name: 'check of default',
  ok: true,
  says: 'https://provider accepts 2 keys',
  advice: null,
  seenBy: 'w-1',
};

async function doctorApi(...checks: object[]): Promise<FakeApi> {
  const api = await FakeApi.start();
  const ok = checks.every((check) => 'ok' in check && check.ok === true);
  api.route('GET /v1/doctor', (_, response) => answerJson(response, 200, { ok, version: '0.0.9', checks }));
  api.route('GET /v1/activity', (_, response) => answerJson(response, 200, {}));
  api.route('GET /v1/pools', (_, response) => answerJson(response, 200, { items: [{ name: 'default' }], next: null }));
  api.route('GET /v1/workers', (_, response) => answerJson(response, 200, { items: [], next: null }));
  api.route('GET /v1/stuck', (_, response) => answerProblem(response, 503, 'NotReady', 'The index is not current'));
  return api;
}

test('each check has a mark, and failed checks say what to do', async () => {
  await using well = await doctorApi(sound);
  const { code, stdout } = await runCommand(['doctor'], { env: well.env });
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^Seen by this shell:\n✓ api {3}version 0\.0\.9; this command is .*\nSeen by api-1:\n✓ nats {2}version 2\.12\.0\n$/,
  );
  await using unwell = await doctorApi(sound, ill);
  const bad = await runCommand(['doctor'], { env: unwell.env });
  expect(bad.code).toBe(1);
  expect(bad.stdout).toContain('✗ controller  no controller leads\n              → Start one\n');
  const json = await runCommand(['doctor', '-o', 'json'], { env: unwell.env });
  expect(json.code).toBe(1);
  expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, api: '0.0.9', checks: [{ name: 'api' }, sound, ill] });
});

test('findings are grouped by who found them, with ! for what only needs a look, in the width of the terminal', async () => {
  await using api = await doctorApi(sound, cooling, call);
  const { code, stdout } = await runCommand(['doctor'], { env: api.env, terminal: { columns: 80, rows: 24 } });
  expect(code).toBe(0);
  // oxlint-disable-next-line no-control-regex
  const lines = stdout.replaceAll(/\u001b\[[\d;]*m/g, '').split('\n');
  expect(lines.slice(2)).toEqual([
    'Seen by api-1:',
    '✓ nats              version 2.12.0',
    '! keys of default   a1b2c3d4e5f60718 cooling (RateLimited) until',
    '                    2026-01-01T00:11:00Z (60s), 18a1b2c3d4e5f607 ready',
    '                    → No action needed: each key is used again at its time.',
    'Seen by w-1:',
    '✓ check of default  https://provider accepts 2 keys',
    '',
  ]);
});

test('--no-provider lets no worker call its provider', async () => {
  await using api = await doctorApi(sound);
  const asked: string[] = [];
  api.route('GET /v1/doctor', ({ query }, response) => {
    asked.push(String(query));
    answerJson(response, 200, { ok: true, version: '0.0.9', checks: [sound] });
  });
  await runCommand(['doctor'], { env: api.env });
  await runCommand(['doctor', '--no-provider'], { env: api.env });
  expect(asked).toEqual(['', 'provider=false']);
});

test('while the API is unavailable it checks whether NATS answers from this machine', async () => {
  await using nats = await startNatsServer();
  const url = { GENWARDEN_URL: 'http://127.0.0.1:1' };
  const there = await runCommand(['doctor'], { env: { ...url, GENWARDEN_NATS_URL: nats.url } });
  expect(there.code).toBe(4);
  expect(there.stdout).toMatch(
    /✗ api {3}no answer: .*\n.*→ Check GENWARDEN_URL.*\n✓ nats {2}nats:.* answers from this machine, version 2\./,
  );
  const away = await runCommand(['doctor'], { env: { ...url, GENWARDEN_NATS_URL: 'nats://127.0.0.1:1' } });
  expect(away.code).toBe(4);
  expect(away.stdout).toContain('✗ nats  nats://127.0.0.1:1: no answer within 3 s');
});

test('an API that accepts connections and answers nothing is named after a few seconds', async () => {
  await using api = await doctorApi(sound);
  api.route('GET /v1/activity', () => undefined);
  const silent = await runCommand(['doctor'], { env: { ...api.env, GENWARDEN_NATS_URL: 'nats://127.0.0.1:1' } });
  expect(silent.code).toBe(4);
  expect(silent.stdout).toMatch(/✗ api {3}no answer within 5 s\n.*→ .* its event loop is blocked.*\n✗ nats {2}/);
});

test('the bundle has the findings and no secrets, and only its owner can read it', async () => {
  await using api = await doctorApi(sound, ill);
  await using folder = await tempFolder();
  const path = join(folder.path, 'bundle.json');
  const env = { ...api.env, GENWARDEN_GEMINI_API_KEYS: 'very-secret-key', GENWARDEN_POOL: 'drawings' };
  const { code, stderr } = await runCommand(['doctor', '--bundle', path], { env });
  expect(code).toBe(1);
  expect(stderr).toContain(`Wrote ${path}`);
  const text = await readFile(path, 'utf8');
  expect(text).not.toContain('very-secret-key');
  expect(JSON.parse(text)).toMatchObject({
    api: '0.0.9',
    node: process.version,
    checks: [{ name: 'api' }, sound, ill],
    pools: [{ name: 'default' }],
    workers: [],
    stuck: { error: 'The index is not current' },
  });
  expect(text).toContain('drawings');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});
