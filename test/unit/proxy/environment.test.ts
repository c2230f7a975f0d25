// Which proxy a request goes through.

import { expect, test } from 'vitest';
import { proxyFor, proxyProblems, type ProxyEnv } from '../../../src/job/proxies.ts';
import { loadSettings } from '../../../src/config/load.ts';

const env: ProxyEnv = {
  HTTPS_PROXY: 'http://p:1',
  NO_PROXY: '.svc, api.example:444,10.0.0.1,[fd00::1],*.wild.example',
};

test.each([
  ['https://a.example/', 'p:1'],
  ['http://a.example', undefined],
  ['https://x.svc', undefined],
  ['https://notsvc', 'p:1'],
  ['https://api.example', 'p:1'],
  ['https://api.example:444', undefined],
  ['https://v1.api.example:444', undefined],
  ['https://10.0.0.1', undefined],
  ['https://[fd00::1]:8443', undefined],
  ['https://a.wild.example', undefined],
  ['https://localhost:1', undefined],
  ['https://127.0.0.2', undefined],
  ['https://[::1]/', undefined],
])('%s goes through %s', (url, expected) => {
  expect(proxyFor(new URL(url), env)?.host).toBe(expected);
});

test('lower case wins, also if it is empty; a proxy without a protocol is one for http; * excludes everything', () => {
  const host = (more: ProxyEnv): string | undefined =>
    proxyFor(new URL('https://a.example'), { ...env, ...more })?.host;
  expect(host({ https_proxy: 'q.example:3128' })).toBe('q.example:3128');
  expect(host({ https_proxy: '' })).toBeUndefined();
  expect(host({ no_proxy: '*' })).toBeUndefined();
  expect(proxyFor(new URL('http://a.example'), { http_proxy: 'q.example:3128' })?.host).toBe('q.example:3128');
});

test('a process does not start with a proxy that is none; the message has no login', () => {
  const bad = {
    HTTPS_PROXY: 'socks5://anna:sesame@a:1',
    http_proxy: 'http://anna:sesame@a:b',
    HTTP_PROXY: 'ok.example:3128',
  };
  expect(proxyProblems(bad)).toEqual(
    ['HTTPS_PROXY', 'http_proxy'].map(
      (name) => `${name}: is not the URL of a proxy; allowed: a URL that starts with http:// or https://`,
    ),
  );
  expect(() => loadSettings({ env: bad, command: 'worker' })).toThrow('HTTPS_PROXY: is not the URL of a proxy');
  expect(() => loadSettings({ env: bad, command: 'client' })).not.toThrow();
});
