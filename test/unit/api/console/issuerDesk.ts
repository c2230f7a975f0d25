// A console whose people sign in at a real issuer. A jar of cookies plays the browser; test/browser has a real one.

import { pino } from 'pino';
import { expect, onTestFinished } from 'vitest';
import { oidcIdentityProvider, oidcSignIn } from '../../../../src/adapters/oidc/index.ts';
import { oidcTokens } from '../../../../src/api/auth/oidc/oidcTokens.ts';
import { tokenStore } from '../../../../src/api/auth/tokenStore.ts';
import { monotonicFrom } from '../../../../src/job/time.ts';
import { apiWorld, type ApiWorld } from '../../../fakes/apiWorld.ts';
import { consoleClient, startOidcIssuer, type OidcIssuer } from '../../../support/oidcIssuer.ts';

export const audience = 'https://genwarden.example.com';
export const host = 'localhost:8080';
export const callback = `http://${host}/console/session/callback`;
export const own = { host, 'sec-fetch-site': 'same-origin' };
const navigation = { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };

class Jar {
  readonly cookies = new Map<string, string>();

  keep(lines: readonly string[]): void {
    for (const line of lines) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      if (value === '' || /max-age=0|expires=Thu, 01 Jan 1970/i.test(line)) this.cookies.delete(name!);
      else this.cookies.set(name!, value!);
    }
  }

  get header(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}

export interface Desk {
  readonly world: ApiWorld;
  readonly issuer: OidcIssuer;
  readonly jar: Jar;
  readonly logged: string[];
  /** The address that the console redirects to. */
  visit(path: string): Promise<string>;
  /** Signs in at the address of the issuer; the path and query that the issuer sends the browser back to. */
  atIssuer(address: string, name?: string): Promise<string>;
  session(headers?: Record<string, string>): Promise<{ status: number; json: Session }>;
  renew(): Promise<{ status: number; json: Session }>;
}

// oxlint-disable-next-line typescript/no-explicit-any
type Session = any;

export async function desk(over: { secret?: string; usedSecret?: string; tokensLast?: number } = {}): Promise<Desk> {
  const issuer = await startOidcIssuer(audience, []);
  const { usedSecret, ...client } = over;
  issuer.admit({ callback, ...client });
  const logged: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });
  const names = { audience, tenantClaim: 'tenant', scopeClaims: ['scope'], consoleClient };
  const clock = { now: () => Date.now() as never, monotonic: () => monotonicFrom(performance.now()) };
  const options = { issuer: issuer.url, version: '1.2.3' };
  const signIn = { audience, clientId: consoleClient, clientSecret: usedSecret ?? over.secret };
  const oidc = oidcTokens(oidcIdentityProvider(options), { ...names, clock, logger });
  await oidc.check();
  const world = await apiWorld({
    logger,
    auth: tokenStore([]),
    oidc,
    issuerSignIn: oidcSignIn({ ...options, ...signIn, scopes: ['openid', 'jobs:read', 'jobs:write'] }, clock),
    consoleFolder: new URL('./', import.meta.url),
  });
  onTestFinished(() => world[Symbol.asyncDispose]());
  const jar = new Jar();
  const ask = async (method: 'GET' | 'POST', url: string, headers: Record<string, string>) => {
    const answer = await world.api.inject({ method, url, headers: { ...headers, cookie: jar.header } });
    jar.keep([answer.headers['set-cookie'] ?? []].flat());
    return answer;
  };
  return {
    world,
    issuer,
    jar,
    logged,
    async visit(path) {
      const { statusCode, headers } = await ask('GET', path, navigation);
      expect([path, statusCode, headers['cache-control']]).toEqual([path, 303, 'no-store']);
      return headers.location!;
    },
    atIssuer: (address, name = 'ann') => signInAt(issuer.url, address, name),
    async session(headers = own) {
      const answer = await ask('GET', '/console/session', headers);
      return { status: answer.statusCode, json: answer.json() };
    },
    async renew() {
      const answer = await ask('POST', '/console/session/refresh', { ...own, origin: `http://${host}` });
      return { status: answer.statusCode, json: answer.json() };
    },
  };
}

/** Follows the issuer's redirects, and enters the name in its form. */
async function signInAt(issuer: string, address: string, name: string): Promise<string> {
  const jar = new Jar();
  let next = address;
  for (let steps = 0; next.startsWith(issuer) && steps < 10; steps++) {
    const form = next.includes('/interaction/') ? { method: 'POST', body: new URLSearchParams({ name }) } : {};
    const answer = await fetch(next, { ...form, redirect: 'manual', headers: { cookie: jar.header } });
    jar.keep(answer.headers.getSetCookie());
    await answer.body?.cancel();
    next = new URL(answer.headers.get('location')!, issuer).href;
  }
  expect(next).toContain(callback);
  return next.slice(`http://${host}`.length);
}

/** What a browser makes of the address. */
export const resolved = (from: string, location: string): string =>
  new URL(location, `http://${host}${from}`).href.slice(`http://${host}`.length);
