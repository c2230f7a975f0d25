// The keys of an issuer that rotates them, withdraws them, or does not answer.

import { expect, test } from 'vitest';
import { settle, virtualClock } from '../../../../fakes/clock.ts';
import { signingKey } from '../../../../fakes/identityProvider.ts';
import { oidcStage, startSeconds, type Stage } from './stage.ts';

const long = { exp: startSeconds + 86_400 };
const away = 'The keys of the issuer cannot be read: it is away';
const accepted = { tenant: 'acme' };

test('a token with a new key is accepted at once, and the keys are read once for many of them', async () => {
  const { provider, clock, outcome } = await oidcStage();
  expect(await outcome()).toMatchObject(accepted);
  clock.skip(10_000);
  const next = await signingKey('key-2');
  provider.keys = [...provider.keys, next];
  for (const result of await Promise.all([outcome({}, next), outcome({}, next), outcome()])) {
    expect(result).toMatchObject(accepted);
  }
  expect(provider.asked).toBe(2);
});

test('tokens with invented keys make the issuer answer once in ten seconds', async () => {
  const { provider, clock, outcome } = await oidcStage();
  const refused = (kid: string) =>
    `Unauthorized: The issuer publishes no key "${kid}" for "ES256"; its keys are read at most every 10 s`;
  clock.skip(10_000);
  for (const kid of ['a', 'b', 'c']) expect(await outcome({}, await signingKey(kid))).toBe(refused(kid));
  expect(provider.asked).toBe(2);
  clock.skip(10_000);
  expect(await outcome({}, await signingKey('d'))).toBe(refused('d'));
  expect(provider.asked).toBe(3);
  expect(await outcome()).toMatchObject(accepted);
});

test('a withdrawn key is refused after ten minutes at the latest', async () => {
  const { provider, clock, outcome, key } = await oidcStage();
  expect(await outcome(long)).toMatchObject(accepted);
  const next = await signingKey('key-2');
  provider.keys = [next];
  clock.skip(599_999);
  expect(await outcome(long, key)).toMatchObject(accepted);
  clock.skip(1);
  // This one starts the read, and does not wait for it.
  expect(await outcome(long, key)).toMatchObject(accepted);
  await settle();
  expect(await outcome(long, key)).toMatch(/^Unauthorized: The issuer publishes no key "key-1"/);
  expect(await outcome(long, next)).toMatchObject(accepted);
});

test('after a time without requests, the first one waits for the keys, unless the issuer is known to be away', async () => {
  const { provider, clock, outcome, key } = await oidcStage();
  expect(await outcome(long)).toMatchObject(accepted);
  const next = await signingKey('key-2');
  provider.keys = [next];
  clock.skip(1_200_000);
  expect(await outcome(long, key)).toMatch(/^Unauthorized: The issuer publishes no key "key-1"/);
  provider.away = away;
  clock.skip(1_200_000);
  expect(await outcome(long, next)).toMatchObject(accepted);
  const asked = provider.asked;
  clock.skip(10_000);
  // The issuer never answers this read, and no request waits for it.
  provider.fetchKeys = () => new Promise(() => (provider.asked += 1));
  expect(await outcome(long, next)).toMatchObject(accepted);
  expect(provider.asked).toBe(asked + 1);
});

test('without keys the answer says when to come back, and the first request after that is accepted', async () => {
  const { provider, clock, tokens, token } = await oidcStage({ away });
  const refusal = async () => tokens.principalOf(await token()).catch((error: unknown) => error);
  expect(await refusal()).toMatchObject({ code: 'OidcUnavailable', message: away, details: { retryAfter: 10 } });
  clock.skip(4_000);
  expect(await refusal()).toMatchObject({ details: { retryAfter: 6 } });
  expect(provider.asked).toBe(1);
  provider.away = undefined;
  clock.skip(6_000);
  expect(await refusal()).toMatchObject(accepted);
});

test('the last keys stay in use for six hours while the issuer is away', async () => {
  const stage = await oidcStage();
  const { provider, clock, outcome } = stage;
  expect(await outcome(long)).toMatchObject(accepted);
  provider.away = away;
  clock.skip(6 * 3_600_000 - 1);
  expect(await outcome(long)).toMatchObject(accepted);
  await settle();
  expect(await statusOf(stage)).toMatchObject({ keys: 1, failure: { message: away } });
  clock.skip(1);
  expect(await outcome(long)).toBe(`OidcUnavailable: ${away}`);
  provider.away = undefined;
  clock.skip(10_000);
  expect(await outcome(long)).toMatchObject(accepted);
  expect(await statusOf(stage)).toMatchObject({ failure: undefined });
});

test('the check says how old the keys are, since when the issuer is away, and how long its keys last', async () => {
  const stage = await oidcStage({ clock: virtualClock(0) });
  const { provider, clock } = stage;
  expect(await statusOf(stage)).toEqual({
    issuer: provider.issuer,
    keys: 1,
    age: 0,
    failure: undefined,
    usableFor: 6 * 3_600_000,
  });
  provider.away = away;
  clock.skip(60_000);
  expect(await statusOf(stage)).toMatchObject({ age: 60_000, failure: { message: away, since: 60_000 } });
  clock.skip(60_000);
  expect(await statusOf(stage)).toMatchObject({ age: 120_000, failure: { since: 60_000 }, usableFor: 21_480_000 });
});

test('a key that cannot be used is a fault of the issuer, not of the token', async () => {
  const { provider, clock, outcome } = await oidcStage();
  const broken = await signingKey('key-9', 'RS256');
  provider.keys = [{ ...broken, jwk: { ...broken.jwk, n: 'AQAB' } }];
  clock.skip(10_000);
  expect(await outcome({}, broken)).toMatch(/^OidcUnavailable: The issuer's key cannot be used: /);
});

const statusOf = ({ tokens }: Stage) => tokens.check();
