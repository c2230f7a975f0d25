// A limit of the stream that the NATS account does not allow, in a whole installation of real processes.

import { expect, it, onTestFinished } from 'vitest';
import { anImage, startInstallation } from '../../support/installation.ts';
import { startNatsServer } from '../../support/natsServer.ts';

it('does not stop the controller: jobs run, and readiness, log and doctor name the numbers', async () => {
  const nats = await startNatsServer({
    config: `accounts { A { jetstream: {max_file: 40MiB, max_memory: 1MB}, users: [{user: a, password: a}] } }
      no_auth_user: a`,
  });
  onTestFinished(() => nats.stop());
  const env = { GENWARDEN_NATS_MAX_BYTES: '60GB' };
  const { client, start } = await startInstallation({ nats, env });
  // The first one has created the stream.
  const controller = await start('controller');
  const job = await client.submit(anImage('a lighthouse'));
  expect((await client.wait(job.id)).state).toBe('succeeded');

  const numbers =
    'genwarden_tasks keeps its limit of 36 MiB, but GENWARDEN_NATS_MAX_BYTES is 60 GB: that needs 60 GB, and the NATS account allows 40 MiB';
  const metrics = /metrics on (http:\S+?)\/metrics/.exec(controller.lines.join('\n'))![1]!;
  const ready = await fetch(`${metrics}/readyz`);
  expect([ready.status, await ready.text()]).toEqual([200, expect.stringContaining(numbers)]);
  expect(JSON.parse(await controller.waitForLine(/stream_setting_kept/))).toMatchObject({
    level: 'warn',
    msg: numbers,
  });
  const { checks } = await client.doctor();
  expect(checks.find(({ name }) => name === 'settings')).toMatchObject({
    ok: false,
    says: numbers,
    advice: "Set it (chart: nats.streamMaxBytes) to at most 40MiB, or raise the account's max_file to 60 GB.",
  });
});
