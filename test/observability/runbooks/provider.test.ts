// The runbooks about API keys and the provider: each fault is injected into real processes, and the command with which the page opens
// must name it.

import { afterAll, it } from 'vitest';
import { anImage, startInstallation, type Installation } from '../../support/installation.ts';
import { expectRunbook, printRunbooks } from '../../support/runbooks.ts';
import { until } from '../../support/until.ts';

afterAll(printRunbooks);

/** Waits until a task waits for the reason. */
async function waitsFor({ client }: Installation, job: string, reason: string): Promise<boolean> {
  return until(async () => (await client.get(job)).waitingFor?.reason === reason, {
    what: `job ${job} to wait for ${reason}`,
    timeoutMs: 30_000,
  });
}

it('a provider that is out, a key that it refuses, and no key left', async () => {
  const installation = await startInstallation({ env: { GENWARDEN_GEMINI_API_KEYS: 'key-one,key-two' } });
  const { standin, client, url } = installation;
  const submit = async (): Promise<string> => (await client.submit(anImage('a front yard'))).id;

  standin.behave({ kind: 'status', status: 503 });
  const held = await submit();
  await waitsFor(installation, held, 'ProviderOutage');
  await expectRunbook(
    {
      alert: 'GenwardenProviderOutage',
      fault: 'the provider answers 503',
      names: /^default +gemini +no +1 .*\n\ndefault: the provider answers 503 for \S+ since /m,
    },
    'genwarden pools',
    { url },
  );
  standin.behave(undefined);
  await client.wait(held);

  standin.behaveForKey('key-one', { kind: 'bad-key' });
  await refuseOne(installation);
  await expectRunbook(
    { alert: 'GenwardenKeysRefused', fault: 'a revoked key', names: /^default: key \w+ is refused \(KeyRefused: /m },
    'genwarden pools',
    { url },
  );

  standin.behaveForKey('key-two', { kind: 'rate-limited', retryMs: 300_000, quota: 'day' });
  await waitsFor(installation, await submit(), 'QuotaExhausted');
  await expectRunbook(
    {
      alert: 'GenwardenKeysExhausted',
      fault: 'one key is revoked, the quota of the other is used up',
      names: /^default: key \w+ is out of quota for /m,
    },
    'genwarden pools',
    { url },
  );
});

/** Submits until the refused key has been tried: a worker chooses among its keys. */
async function refuseOne({ client }: Installation): Promise<void> {
  const refused = async (): Promise<boolean> => {
    await client.wait((await client.submit(anImage('a walkway'))).id);
    const [pool] = await client.pools();
    return pool?.keys.some(({ state }) => state === 'refused') === true;
  };
  await until(refused, { what: 'the key to be refused', timeoutMs: 30_000 });
}
