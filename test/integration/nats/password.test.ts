// A NATS password that changes while processes run: they read its file again at each connection, so only the server has to be told.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { anImage, startInstallation, type Env } from '../../support/installation.ts';
import { startNatsServer } from '../../support/natsServer.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { until } from '../../support/until.ts';

const userWith = (password: string): string => `authorization { user: genwarden, password: "${password}" }`;

test(
  'processes use the changed password of their file; a wrong one ends none of them',
  { timeout: 90_000 },
  async () => {
    const folder = await tempFolder();
    onTestFinished(() => folder.remove());
    const file = join(folder.path, 'password');
    await writeFile(file, 'first\n');
    const nats = await startNatsServer({ config: userWith('first') });
    onTestFinished(() => nats.stop());
    const env: Env = {
      GENWARDEN_NATS_USER: 'genwarden',
      GENWARDEN_NATS_PASSWORD_FILE: file,
      // A worker that is away for some seconds is not considered lost.
      GENWARDEN_HEARTBEAT_TIMEOUT: '60s',
    };
    const { client, start, standin, url } = await startInstallation({ nats, env, standinLatencyMs: 500 });
    const worker = await start('worker');
    const metrics = /(http:\S+)\/metrics/.exec(worker.lines.join('\n'))![1]!;
    const readyz = async (at = metrics): Promise<string> => (await fetch(`${at}/readyz`)).text();
    const { id } = await client.submit(anImage('a fern'));
    await standin.waitFor((requests) => requests.length === 1, 30_000);

    await nats.reload(userWith('second'));
    await until(async () => (await readyz()).includes('not connected to NATS, which rejects the login'), {
      what: 'the rejected login in readyz',
      timeoutMs: 30_000,
    });
    expect(await readyz(url)).toContain('NATS rejects the login');
    await writeFile(file, 'second\n');
    expect(await client.wait(id)).toMatchObject({ state: 'succeeded' });
    const { id: later } = await client.submit(anImage('a moss'));
    expect(await client.wait(later)).toMatchObject({ state: 'succeeded' });
    expect(standin.requests).toHaveLength(2);

    // A cluster's server that does not know the newest password yet.
    await writeFile(file, 'third\n');
    await nats.restart();
    const { id: last } = await client.submit(anImage('a lichen'));
    expect(await client.wait(last)).toMatchObject({ state: 'succeeded' });
    expect(JSON.parse(await readyz())).toMatchObject({ ready: true });
  },
);
