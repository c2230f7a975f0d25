// Cookies of the API: out of reach of scripts and other hosts, in several parts if they are long, and whole or not there.

import type { IncomingHttpHeaders } from 'node:http';
import { beforeAll, describe, expect, test } from 'vitest';
import Fastify from 'fastify';
import {
  acceptCookies,
  cameByHttps,
  maxCookieValue,
  readCookie,
  removeCookie,
  storeCookie,
  type CookieKind,
} from '../../../../src/api/auth/cookies.ts';
import type { Api } from '../../../../src/api/app.ts';

beforeAll(async () => {
  const app = Fastify();
  acceptCookies(app as unknown as Api);
  await app.ready();
});

const session: CookieKind = { name: 'genwarden_session', sameSite: 'strict' };
const limited: CookieKind = { name: 'genwarden_refresh', sameSite: 'strict', below: '/console/session', maxAge: 600 };

const place = (headers: IncomingHttpHeaders = {}, publicUrl?: string) => ({ headers, publicUrl });
const https = { 'x-forwarded-proto': 'https' };

/** The header that a browser sends after these were set. */
const sent = (stored: readonly string[]): string => stored.map((each) => each.split(';', 1)[0]).join('; ');

describe('attributes', () => {
  test('by https, no other host can set it', () => {
    expect(storeCookie(session, 'gw_abc', place(https))).toEqual([
      '__Host-genwarden_session=1:gw_abc; Path=/; HttpOnly; Secure; SameSite=Strict',
    ]);
  });

  test('by http, as on this machine, it is the same without Secure', () => {
    expect(storeCookie(session, 'gw_abc', place())).toEqual([
      'genwarden_session=1:gw_abc; Path=/; HttpOnly; SameSite=Strict',
    ]);
  });

  test('one that only some addresses need is sent to no others, also behind a proxy that adds a path', () => {
    const [cookie] = storeCookie(limited, 'abc', place(https, 'https://api.example.com/genwarden/'));
    expect(cookie).toBe(
      '__Secure-genwarden_refresh=1:abc; Max-Age=600; Path=/genwarden/console/session; HttpOnly; Secure; SameSite=Strict',
    );
  });
});

test.each<[string, IncomingHttpHeaders, string | undefined, boolean]>([
  ['nothing says so', {}, undefined, false],
  ['the proxy says so', { 'x-forwarded-proto': 'https' }, undefined, true],
  ['the first proxy of two says so', { 'x-forwarded-proto': 'https, http' }, undefined, true],
  ['the proxy denies it', { 'x-forwarded-proto': 'http', origin: 'https://a.example' }, 'https://a.example', false],
  ['the browser says so', { origin: 'https://a.example' }, undefined, true],
  ['the public address is called', { host: 'A.example' }, 'https://a.example/x', true],
  ['a port-forward is called instead of the public address', { host: 'localhost:8080' }, 'https://a.example', false],
  ['the public address is plain', { host: 'a.example' }, 'http://a.example', false],
])('https when %s', (_name, headers, publicUrl, expected) => {
  expect(cameByHttps(place(headers, publicUrl))).toBe(expected);
});

describe('values', () => {
  test.each([1, 3_600, 3_601, maxCookieValue])('of %d characters are read as they were stored', (length) => {
    const value = Array.from({ length }, (_, at) => 'abcdefghij.-_~'[at % 14]).join('');
    const stored = storeCookie(session, value, place(https));
    expect(Math.max(...stored.map((each) => each.length))).toBeLessThan(4_096);
    expect(readCookie(session, place({ ...https, cookie: sent(stored) }))).toBe(value);
  });

  test('a shorter value is not continued by what is left of a longer one', () => {
    const [, left] = storeCookie(session, 'x'.repeat(5_000), place());
    const cookie = sent([...storeCookie(session, 'short', place()), left!]);
    expect(readCookie(session, place({ cookie }))).toBe('short');
  });

  test.each([
    '',
    'genwarden_session=',
    'genwarden_session=abc',
    'genwarden_session=1:',
    'genwarden_session=0:abc; genwarden_session_1=def',
    'genwarden_session=2:abc',
    'genwarden_session=9:abc',
    'other=1:abc',
    '=;;',
  ])('an incomplete cookie is none: %s', (cookie) => {
    expect(readCookie(session, place({ cookie }))).toBeUndefined();
  });

  test('by https, one without the prefix is none: another host of the domain may have set it', () => {
    const plain = sent(storeCookie(session, 'planted', place()));
    const own = sent(storeCookie(session, 'own', place(https)));
    expect(readCookie(session, place({ ...https, cookie: plain }))).toBeUndefined();
    expect(readCookie(session, place({ ...https, cookie: `${plain}; ${own}` }))).toBe('own');
    // A proxy may not say that the browser uses https.
    expect(readCookie(session, place({ cookie: `${plain}; ${own}` }))).toBe('own');
  });
});

test('removing a cookie names each part that the browser has', () => {
  const cookie = sent([
    ...storeCookie(session, 'x'.repeat(5_000), place(https)),
    ...storeCookie(session, 'a', place()),
    ...storeCookie(limited, 'b', place()),
  ]);
  expect(removeCookie(session, place({ cookie }))).toEqual([
    '__Host-genwarden_session=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict',
    '__Host-genwarden_session_1=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict',
    'genwarden_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict',
  ]);
  expect(removeCookie(session, place())).toEqual([]);
});
