// An OpenID Connect issuer rotates its key, withdraws the old one and goes away, while its clients and a client of the tokens file
// submit jobs and watch them; an API that starts meanwhile serves the other tokens. A token that expires ends its stream.

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { expect, it } from 'vitest';
import { createToken } from '../../../src/api/auth/createToken.ts';
import { GenwardenClient } from '../../../src/client/index.ts';
import { EventStreamReader } from '../../support/eventStreamReader.ts';
import { startInstallation } from '../../support/installation.ts';
import { startOidcIssuer, type OidcIssuer } from '../../support/oidcIssuer.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { until } from '../../support/until.ts';
import { keepSubmitting } from '../support/load.ts';
import { addEdgeRow } from './edgeRows.ts';
import { outcomesOf } from './outcomes.ts';

const audience = 'urn:genwarden';
/** Seconds. */
const clockTolerance = 30;

it('an issuer that rotates its key and goes away harms no client', async () => {
  await using folder = await tempFolder('oidc');
  const file = join(folder.path, 'tokens.json');
  const own = newToken();
  await writeFile(file, JSON.stringify({ tokens: [own.entry] }));
  const issuer = await startOidcIssuer(audience, ['acme']);
  const installation = await startInstallation({
    env: {
      GENWARDEN_AUTH_TOKENS_FILE: file,
      GENWARDEN_OIDC_ISSUER: issuer.url,
      GENWARDEN_OIDC_AUDIENCE: audience,
    },
  });
  const { url } = installation;
  installation.standin.behave({ kind: 'image', bytes: 'small', latencyMs: 100 });
  const first = await issuer.token('acme');
  const neighbour = new GenwardenClient({ url, token: own.token });
  let current = first;
  // As clients of an issuer do, it takes its new token when the old one is refused.
  const refreshing: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init);
    if (answer.status !== 401) return answer;
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${current}`);
    return fetch(input, { ...init, headers });
  };
  const acme = new GenwardenClient({ url, token: async () => accepted, fetch: refreshing });
  let accepted = first;
  const loads = [acme, neighbour].map((client) => keepSubmitting({ client }, { intervalMs: 200 }));
  const innocent = await EventStreamReader.open(`${url}/v1/events`, undefined, own.token);

  // The old key is published no more, so its token works until the new one makes the API read the keys.
  await issuer.rotate();
  const second = await issuer.token('acme');
  current = second;
  const rotatedAt = performance.now();
  await until(async () => (await ask(url, second)).status === 200, { what: 'the new key', timeoutMs: 60_000 });
  const rotatedAfterMs = performance.now() - rotatedAt;
  accepted = second;
  expect(await ask(url, first)).toMatchObject({
    status: 401,
    detail: expect.stringMatching(/^The issuer publishes no key /) as string,
  });

  const expiring = await expiringStream(url, issuer);
  issuer.away = true;
  expect((await ask(url, second)).status).toBe(200);
  const late = await installation.start('api');
  const lateUrl = /API on (http:\S+?)["\s]/.exec(late.lines.join('\n'))![1]!;
  expect(await ask(lateUrl, second)).toMatchObject({ status: 503, code: 'OidcUnavailable', retryAfter: true });
  expect((await ask(lateUrl, own.token)).status).toBe(200);
  expect((await fetch(`${lateUrl}/readyz`)).status).toBe(200);
  const { checks } = await new GenwardenClient({ url: lateUrl, token: own.token }).doctor();
  expect(checks.find(({ name }) => name === 'issuer')).toMatchObject({ ok: false });
  issuer.away = false;
  const backAt = performance.now();
  await until(async () => (await ask(lateUrl, second)).status === 200, { what: 'the issuer', timeoutMs: 60_000 });
  const backAfterMs = performance.now() - backAt;

  await until(() => expiring.ended, { what: 'the end of the stream at expiry', timeoutMs: 90_000 });
  expect(expiring.received.at(-1)).toMatchObject({
    event: 'problem',
    data: { status: 401, code: 'Unauthorized', detail: expect.stringMatching(/^The token expired at /) as string },
  });
  const jobs = (await Promise.all(loads.map((load) => load.stop()))) as [string[], string[]];
  for (const [index, client] of [acme, neighbour].entries()) for (const id of jobs[index]!) await client.wait(id);
  const outcomes = await Promise.all([outcomesOf(acme, jobs[0]), outcomesOf(neighbour, jobs[1])]);
  const sum = (of: (outcome: (typeof outcomes)[number]) => number): number =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const harmed = innocent.ended || innocent.of('problem', 'reset').length > 0 ? 1 : 0;
  addEdgeRow({
    fault: 'OIDC key rotated and withdrawn, then the issuer away while another API starts',
    jobs: sum((outcome) => outcome.jobs),
    terminal: sum(({ terminal }) => terminal),
    lost: sum(({ lost }) => lost),
    overdueMs: Math.max(...outcomes.map(({ overdueMs = 0 }) => overdueMs)),
    innocentsHarmed: harmed,
    recoveredAfterMs: Math.round(Math.max(rotatedAfterMs, backAfterMs)),
  });
  expect({ lost: sum(({ lost }) => lost), harmed }).toEqual({ lost: 0, harmed: 0 });
  expect(sum(({ terminal }) => terminal)).toBe(jobs.flat().length);
});

const newToken = () =>
  createToken(
    { name: 'own', tenant: 'other', scopes: ['jobs:read', 'jobs:write'], createdAt: Date.now() },
    randomBytes,
  );

/** The stream of a token that has expired, and is still accepted for a while because clocks may differ. */
async function expiringStream(url: string, issuer: OidcIssuer): Promise<EventStreamReader> {
  const claims = decodeJwt(await issuer.token('acme'));
  const token = await issuer.sign({ ...claims, exp: Math.floor(Date.now() / 1_000) - clockTolerance + 10 });
  const stream = await EventStreamReader.open(`${url}/v1/events`, undefined, token);
  await stream.until((all) => all.length > 0, 'the snapshot');
  return stream;
}

async function ask(url: string, token: string) {
  const response = await fetch(`${url}/v1/pools`, { headers: { authorization: `Bearer ${token}` } });
  const { code, detail } = (await response.json()) as { code?: string; detail?: string };
  return { status: response.status, code, detail, retryAfter: response.headers.has('retry-after') };
}
