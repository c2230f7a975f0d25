// The runbooks about storage: the stream of a real installation is filled to its limit, and the command with which the page opens must
// name it.

import { afterAll, expect, it } from 'vitest';
import { GenwardenApiError } from '../../../src/client/index.ts';
import { anImage, startInstallation, type Installation } from '../../support/installation.ts';
import { expectRunbook, printRunbooks } from '../../support/runbooks.ts';
import { until } from '../../support/until.ts';

afterAll(printRunbooks);

const prompt = 'a front yard '.repeat(2_000);

/** An ended job: open tasks would reserve room for their statuses. */
async function submit({ client }: Installation, size = 1, text = prompt): Promise<void> {
  const tasks = Array.from({ length: size }, () => ({}));
  const { id } = await client.submit(anImage(text, { tasks }), { giveUpAfterMs: 1 });
  await client.cancel(id);
}

it('a stream that fills up, and one that is full', async () => {
  const installation = await startInstallation({ env: { GENWARDEN_NATS_MAX_BYTES: '2MB' } });
  const { client, url } = installation;
  await client.pausePool('default');
  for (let jobs = 0; jobs < 5; jobs += 1) await submit(installation, 10);
  const shows = /^. (?:stream|storage) /;
  await expectRunbook(
    {
      alert: 'GenwardenStorageFilling',
      fault: 'more than 70 % of the stream are used',
      names: /! stream +\d.* MiB of 1.9 MiB used \(\d+ %\): it is nearly full/,
      shows,
      exitCode: 1,
    },
    'genwarden doctor',
    { url },
  );
  const hasRoom = async (): Promise<boolean> =>
    (await client.doctor()).checks.find(({ name }) => name === 'stream')!.ok;
  while (await hasRoom()) await submit(installation);
  // The API asks for the size of the stream at intervals: until then it accepts submits, which must not fill the rest.
  const refused = async (): Promise<boolean> => {
    const error: unknown = await submit(installation, 1, 'a walkway').then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return error instanceof GenwardenApiError && error.code === 'StorageFull';
  };
  await until(refused, { what: 'a submit to be refused', timeoutMs: 60_000, intervalMs: 500 });
  await expectRunbook(
    {
      alert: 'GenwardenStorageFull',
      fault: 'the stream has reached its limit',
      names: /✗ storage +full since .*; submits are refused/,
      shows: /^. (?:stream|storage) |max_bytes/,
      exitCode: 1,
    },
    'genwarden doctor',
    { url },
  );
  expect((await client.doctor()).checks.find(({ name }) => name === 'storage')).toMatchObject({ ok: false });
});
