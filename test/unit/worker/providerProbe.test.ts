// The check of the provider: what a worker reports about each key, and how rarely it calls.

import { onTestFinished, expect, test } from 'vitest';
import { geminiProvider } from '../../../src/adapters/gemini/index.ts';
import { openaiProvider } from '../../../src/adapters/openai/index.ts';
import type { ProviderCheck } from '../../../src/ports/heartbeats.ts';
import type { Provider } from '../../../src/ports/provider.ts';
import { startStandin } from '../../../src/standin/standin.ts';
import { providerProbe, type ProviderProbe } from '../../../src/worker/providerProbe.ts';
import { virtualClock } from '../../fakes/clock.ts';
import { fakeSchemaChecker } from '../../fakes/schemaChecker.ts';

const schemas = fakeSchemaChecker();
const keysOf = (...secrets: string[]): ReadonlyMap<string, string> =>
  new Map(secrets.map((secret) => [`fingerprint of ${secret.slice(0, 4)}`, secret]));

interface Probed {
  readonly probe: ProviderProbe;
  readonly clock: ReturnType<typeof virtualClock>;
  /** Asks, and waits for the report. */
  checked(): Promise<ProviderCheck>;
}

function probeOf(
  provider: Pick<Provider, 'checkKey' | 'address'>,
  keys: ReadonlyMap<string, string>,
  enabled = true,
): Probed {
  const clock = virtualClock();
  let report = (): void => undefined;
  const probe = providerProbe({ provider, enabled, keys: () => keys, clock, onChange: () => report() });
  onTestFinished(() => probe.close());
  const checked = async (): Promise<ProviderCheck> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    report = resolve;
    probe.check();
    await promise;
    return probe.last()!;
  };
  return { probe, clock, checked };
}

async function standin(...keys: string[]) {
  const server = await startStandin({ keys });
  onTestFinished(() => server.close());
  return server;
}

test.each([
  ['gemini', (baseUrl: string) => geminiProvider({ baseUrl, schemas }), 'Gemini answered 400: API key not valid'],
  [
    'openai',
    (baseUrl: string) => openaiProvider({ baseUrl: `${baseUrl}/v1`, schemas }),
    'OpenAI answered 401: Incorrect API key',
  ],
])('%s: accepted and refused keys, without a key in the report, and without a paid call', async (_, open, words) => {
  const server = await standin('good-key-12345678');
  const { checked } = probeOf(open(server.url), keysOf('good-key-12345678', 'evil-key-87654321'));
  const found = await checked();
  expect(found).toMatchObject({ enabled: true, address: server.url });
  expect(found.keys.map(({ fingerprint, outcome }) => [fingerprint, outcome])).toEqual([
    ['fingerprint of good', 'accepted'],
    ['fingerprint of evil', 'refused'],
  ]);
  expect(found.keys[1]!.says).toContain(words);
  expect(JSON.stringify(found)).not.toMatch(/-key-\d{4}/);
  expect(server.requests).toEqual([]);
});

test('a provider that cannot be reached, is overloaded or limits the key', async () => {
  const server = await standin('one-key-12345678');
  const outcomeNow = async (): Promise<string[]> => {
    const { checked } = probeOf(geminiProvider({ baseUrl: server.url, schemas }), keysOf('one-key-12345678'));
    return (await checked()).keys.map(({ outcome, says }) => `${outcome}: ${says}`);
  };
  server.behave({ kind: 'status', status: 503 });
  expect(await outcomeNow()).toEqual([expect.stringMatching(/^failed: Gemini answered 503: /)]);
  server.behave({ kind: 'rate-limited' });
  expect(await outcomeNow()).toEqual([expect.stringMatching(/^limited: Gemini answered 429: /)]);
  server.behave({ kind: 'status', status: 404 });
  expect(await outcomeNow()).toEqual([expect.stringMatching(/^unclear: Gemini answered 404: /)]);
  await server.close();
  expect(await outcomeNow()).toEqual([expect.stringMatching(/^failed: The connection to Gemini failed: /)]);
});

test('asked again within 10 s, it reports what it knows; later it calls again, and forgets after a minute', async () => {
  let calls = 0;
  const provider = { address: 'https://provider', checkKey: async () => void (calls += 1) };
  const { checked, clock, probe } = probeOf(provider, keysOf('key1'));
  expect(probe.last()).toEqual({ address: 'https://provider', enabled: true, at: null, keys: [] });
  await checked();
  clock.skip(9_000);
  await checked();
  expect(calls).toBe(1);
  clock.skip(2_000);
  expect((await checked()).keys).toHaveLength(1);
  expect(calls).toBe(2);
  clock.skip(61_000);
  expect(probe.last()!.keys).toEqual([]);
});

test('switched off, it calls nobody and says so', async () => {
  const calls: string[] = [];
  const provider = { address: 'https://provider', checkKey: async (key: string) => void calls.push(key) };
  expect(await probeOf(provider, keysOf('key1'), false).checked()).toMatchObject({ enabled: false, at: null });
  expect(calls).toEqual([]);
});
