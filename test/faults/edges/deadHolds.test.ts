// The calls of a killed worker stop counting as in flight within seconds: no key looks busy, or is, for a process that is gone.

import { expect, it } from 'vitest';
import { anImage, startInstallation } from '../../support/installation.ts';
import { until } from '../../support/until.ts';

it("a killed worker's calls leave its keys", { timeout: 60_000 }, async () => {
  const { client, standin, start } = await startInstallation({
    processes: ['controller', 'api'],
    standinLatencyMs: 60_000,
    systemAccount: true,
  });
  const worker = await start('worker');
  await client.submit(anImage('a fern', { policy: { maxLostAttempts: 1 } }));
  const inFlight = async (): Promise<number> => (await client.pools())[0]!.keys[0]!.inFlight;
  await until(async () => standin.inFlight() === 1 && (await inFlight()) === 1, { what: 'the call to be in flight' });
  worker.kill('SIGKILL');
  await until(async () => (await inFlight()) === 0, { what: 'no call to be in flight', timeoutMs: 20_000 });
  expect((await client.pools())[0]!.keys[0]).toMatchObject({ state: 'ready', inFlight: 0 });
});
