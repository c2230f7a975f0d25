// User and password of NATS in URLs, variables and files: percent-encoding, and never in a message.

import { expect, test } from 'vitest';
import { loginIn } from '../../../src/adapters/nats/link/urlLogin.ts';
import { loadSettings } from '../../../src/config/load.ts';
import { maskText } from '../../../src/config/mask.ts';

test.each(['a/b', 'a,b', 'a?b', 'a#b', '12/b', '50%off', 'a@b#c', '%'])(
  'the password %s in a URL of NATS is refused with advice and without the password',
  (password) => {
    const message = refusal({ GENWARDEN_NATS_URL: `nats://anna:sesame${password}@host:4222` });
    expect(message).not.toMatch(/sesame|anna/);
    expect(message).toContain('write % , / ? # in a user or password as %25 %2C %2F %3F %23');
    expect(message).toContain('GENWARDEN_NATS_URL=nats://****@host:4222');
  },
);

test.each(["p%40@:/#? ,ü'", '%25', 'é€😀', 'a:b@c'])('the password %s is kept as it is', (password) => {
  const files = (): string => `${password}\n`;
  const user = { GENWARDEN_NATS_USER: 'anna' };
  const byVariable = loadSettings({ env: { ...user, GENWARDEN_NATS_PASSWORD: password } });
  const byFile = loadSettings({ env: { ...user, GENWARDEN_NATS_PASSWORD_FILE: '/password' }, files });
  expect([byVariable.nats.password, byFile.nats.password]).toEqual([password, password]);
  const url = `nats://anna:${encodeURIComponent(password)}@host`;
  const [address] = loadSettings({ env: { GENWARDEN_NATS_URL: url } }).nats.urls;
  expect(loginIn(address!)).toEqual({ user: 'anna', pass: password });
  expect(maskText(url, false)).toBe('nats://****@host');
});

test('the address of a page may have an @ in its path', () => {
  expect(maskText('https://traces.example/@team/{traceId}', false)).toBe('https://traces.example/@team/{traceId}');
  expect(maskText('nats://a:b@one,tls://c:d@two', false)).toBe('nats://****@one,tls://****@two');
});

function refusal(env: Record<string, string>): string {
  try {
    loadSettings({ env });
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('the settings were accepted');
}
