// The tokens file while the API runs: it is read again when it changes, and a broken one changes nothing but what is said of it.

import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createToken } from '../../../../src/api/auth/createToken.ts';
import type { Scope } from '../../../../src/api/auth/principal.ts';
import { openTokenStore, parseTokens, type TokenEntry, type TokenFile } from '../../../../src/api/auth/tokenStore.ts';
import type { FileFailure } from '../../../../src/config/reloadedFile.ts';
import { apiWorld } from '../../../fakes/apiWorld.ts';
import { start } from '../../../fakes/tasks.ts';
import { tempFolder } from '../../../support/tempFolder.ts';
import { until } from '../../../support/until.ts';
import { oidcStage } from './oidc/stage.ts';
import { as } from './stage.ts';

const newToken = (tenant: string, scopes: readonly Scope[] = ['admin']) =>
  createToken({ name: tenant, tenant, scopes, createdAt: start }, (bytes) => randomBytes(bytes));

const textOf = (...tokens: readonly TokenEntry[]): string => JSON.stringify({ tokens });

interface Opened {
  readonly path: string;
  readonly store: TokenFile;
  write(text: string): Promise<void>;
}

async function opened(text: string): Promise<Opened> {
  const folder = await tempFolder();
  const path = join(folder.path, 'tokens.json');
  const write = (next: string): Promise<void> => writeFile(path, next);
  await write(text);
  const store = openTokenStore(path, { everyMs: 20 });
  onTestFinished(async () => {
    store.close();
    await folder[Symbol.asyncDispose]();
  });
  return { path, store, write };
}

test('it holds hashes, and old and new tokens count side by side while both are in it', async () => {
  const [old, successor] = [newToken('a'), newToken('a')];
  const { store, write } = await opened(textOf(old.entry));
  expect(JSON.stringify(old.entry)).not.toContain(old.token);
  expect(store.find(old.token, 0)).toMatchObject({ tenant: 'a', scopes: ['admin'] });
  expect(store.find(successor.token, 0)).toBeUndefined();
  await write(textOf(old.entry, successor.entry));
  await until(() => store.find(successor.token, 0), { what: 'the new token' });
  expect(store.find(old.token, 0)).toBeDefined();
  await write(textOf(successor.entry));
  await until(() => store.find(old.token, 0) === undefined, { what: 'the old token to go' });
});

test.each([
  [
    'is cut off',
    (text: string) => text.slice(0, -2),
    /tokens\.json: is not JSON: the mistake is in line \d+, column \d+$/,
  ],
  ['has an unknown scope', (text: string) => text.replace('"admin"', '"all"'), /tokens\.0\.scopes\.0: /],
  ['is empty', () => '', /tokens\.json: is not JSON: the mistake is in line \d+, column \d+$/],
])('one that %s leaves the last good tokens in use, and doctor tells', async (_, spoil, problem) => {
  const { token, entry } = newToken('a');
  const { path, store, write } = await opened(textOf(entry));
  await using world = await apiWorld({ auth: store });
  const check = async () =>
    (await world.get('/v1/doctor', as(token))).json.checks.find(({ name }: { name: string }) => name === 'tokens');
  expect(await check()).toMatchObject({ ok: true, says: 'required' });
  await write(spoil(textOf(entry)));
  const failure = await until(() => store.failure?.(), { what: 'the file to be read again' });
  expect(failure.message).toMatch(problem);
  expect(await check()).toMatchObject({
    ok: false,
    says: expect.stringContaining(`GENWARDEN_AUTH_TOKENS_FILE=${path}: `) as string,
    advice: 'Correct the file: the API reads it again when it changes.',
  });
  await write(textOf(entry));
  await until(() => store.failure?.() === undefined, { what: 'the correct file' });
  expect(await check()).toMatchObject({ ok: true });
});

test('the metric shows whether the file and the keys of the issuer can be read', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const file: { failure?: FileFailure } = {};
  const { provider, clock, tokens } = await oidcStage();
  await using world = await apiWorld({
    auth: { find: () => undefined, failure: () => file.failure },
    oidc: tokens,
    clock,
  });
  const up = async () =>
    Object.fromEntries(
      (await world.metrics.authSourceUp.get()).values.map(({ labels, value }) => [labels.source, value]),
    );
  expect(await up()).toEqual({ 'tokens-file': 1, oidc: 1 });
  file.failure = { message: 'it is broken', since: start };
  provider.away = 'it is away';
  clock.skip(10_000);
  await tokens.check();
  vi.advanceTimersByTime(5_000);
  expect(await up()).toEqual({ 'tokens-file': 0, oidc: 0 });
});

test('one that is deleted leaves its tokens in use', async () => {
  const { token, entry } = newToken('a');
  const { path, store, write } = await opened(textOf(entry));
  await rm(path);
  expect(await until(() => store.failure?.()?.message, { what: 'the loss to be noticed' })).toMatch(/cannot be read/);
  expect(store.find(token, 0)).toBeDefined();
  const next = newToken('b');
  await write(textOf(next.entry));
  await until(() => store.find(next.token, 0), { what: 'the new file' });
});

test('one that is missing, no JSON or wrong stops the start and says where', () => {
  expect(() => openTokenStore('/nowhere/tokens.json')).toThrow(/\/nowhere\/tokens\.json: cannot be read/);
  expect(() => parseTokens('{', 'f')).toThrow(/not JSON/);
  const { entry } = newToken('a');
  expect(() => parseTokens(textOf({ ...entry, hash: 'plain' }), 'f')).toThrow(/tokens\.0\.hash/);
  for (const requestsPerSecond of [0, 1.5, 100_001]) {
    expect(() => parseTokens(textOf({ ...entry, requestsPerSecond }), 'f')).toThrow(/tokens\.0\.requestsPerSecond/);
  }
});

test('two entries with one id, or for one token, are refused', () => {
  const [a, b, c] = [newToken('a').entry, newToken('b').entry, newToken('c').entry];
  expect(parseTokens(textOf(a, b, c), 'f')).toHaveLength(3);
  expect(() => parseTokens(textOf(a, b, { ...c, id: b.id }), 'f')).toThrow(
    'GENWARDEN_AUTH_TOKENS_FILE=f: tokens.2.id: is the same as that of tokens.1',
  );
  expect(() => parseTokens(textOf(a, { ...b, hash: a.hash }), 'f')).toThrow(
    'tokens.1.hash: is the same as that of tokens.0',
  );
});
