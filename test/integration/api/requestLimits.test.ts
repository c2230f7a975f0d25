// Two API processes and one token: together they accept no more requests than its limit.

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { natsRequestCounts } from '../../../src/adapters/nats/index.ts';
import { createToken } from '../../../src/api/auth/createToken.ts';
import { testLink } from '../../conformance/ports.ts';
import { startInstallation } from '../../support/installation.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { until } from '../../support/until.ts';

const perSecond = 20;

test('two API processes together accept the rate of a token, not twice the rate', async () => {
  const folder = await tempFolder();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  const file = join(folder.path, 'tokens.json');
  const { token, entry } = createToken(
    { name: 'app', tenant: 'acme', scopes: ['jobs:read'], createdAt: Date.now(), requestsPerSecond: perSecond },
    (bytes) => randomBytes(bytes),
  );
  await writeFile(file, JSON.stringify({ tokens: [entry] }));
  const { nats, url, start } = await startInstallation({
    env: { GENWARDEN_AUTH_TOKENS_FILE: file },
    processes: ['controller', 'api'],
  });
  const second = await start('api');
  const urls = [url, /API on (http:\S+?)["\s]/.exec(second.lines.join('\n'))![1]!];
  await untilTheyKnowEachOther(nats.url);

  const started = performance.now();
  const elapsedSeconds = (): number => (performance.now() - started) / 1_000;
  const statuses: number[] = [];
  const flood = async (at: string): Promise<void> => {
    while (elapsedSeconds() < 5) {
      const response = await fetch(`${at}/v1/pools`, { headers: { authorization: `Bearer ${token}` } });
      await response.arrayBuffer();
      if (response.status === 429) expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      statuses.push(response.status);
    }
  };
  await Promise.all([...urls, ...urls, ...urls].map(flood));
  const accepted = statuses.filter((status) => status === 200).length;
  // The burst, the rate, and one burst more for reports on their way. Without sharing, it would be twice the first two.
  const most = 2 * perSecond + perSecond * elapsedSeconds() + 2 * perSecond;
  expect(new Set(statuses)).toEqual(new Set([200, 429]));
  expect(accepted).toBeLessThanOrEqual(most);
  expect(accepted).toBeGreaterThanOrEqual(2 * perSecond);
});

/** Each has reported twice since both have started. */
async function untilTheyKnowEachOther(natsUrl: string): Promise<void> {
  const heard = new Map<string, number>();
  const counts = natsRequestCounts(await testLink(natsUrl, 'genwarden'));
  const stop = counts.watch(({ process }) => heard.set(process, (heard.get(process) ?? 0) + 1));
  await until(() => [...heard.values()].filter((reports) => reports >= 2).length === 2, { what: 'both processes' });
  stop();
}
