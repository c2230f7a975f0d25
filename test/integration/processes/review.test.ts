// A picture with references is checked, flagged, tweaked and checked again through real processes: what the models are sent, what
// the commands say, and what becomes of references and metadata. Then the same with OpenAI's models.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Job, Reference } from '../../../src/client/index.ts';
import { startInstallation, type Installation } from '../../support/installation.ts';
import { photo } from '../../support/pictures.ts';
import { startProcess } from '../../support/process.ts';
import { tempFolder } from '../../support/tempFolder.ts';

const program = fileURLToPath(new URL('../../../bin/genwarden', import.meta.url));
const checker = 'gemini-2.5-flash';
const reason = 'The stand-in was asked to flag it';

async function genwarden({ url }: Installation, ...args: string[]): Promise<{ code: number | null; text: string }> {
  const command = await startProcess(program, args, { env: { GENWARDEN_URL: url } });
  const { code } = await command.exited;
  return { code, text: command.lines.join('\n') };
}

async function metadataOf({ client }: Installation, { id }: Job, run: number): Promise<Record<string, unknown>> {
  const { bytes } = await client.downloadArtifact(id, 0, 'metadata', { run });
  return JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>;
}

describe('a picture that is checked', () => {
  it('is flagged, tweaked from what was flagged, checked again, and keeps references and metadata', async () => {
    const installation = await startInstallation();
    const { client, standin } = installation;
    standin.behave({ kind: 'image', bytes: 'small' });
    const { artifact } = await client.uploadReference(photo, 'image/jpeg');
    const references: Reference[] = [{ artifact, caption: 'the yard today' }, { artifact }];
    standin.behaveForModel(checker, { kind: 'flag' });
    const { id } = await client.submit({
      kind: 'image',
      input: { prompt: 'a yard', references },
      tasks: [{ name: 'front', metadata: { area: 1 } }],
      metadata: { project: 'p42' },
      policy: { check: { prompt: 'Is anything red?' } },
    });
    const watched = await genwarden(installation, 'watch', id);
    expect(watched.code).toBe(5);
    expect(watched.text).toContain(`Flagged: Flagged by the check: ${reason}`);
    expect(watched.text).toContain(`genwarden review ${id} approve --task 0 --run 1`);
    const explained = (await client.explain(id)).tasks[0]!;
    expect(explained.details).toEqual([expect.stringContaining(`Flagged by the check: ${reason}`)]);
    expect(explained.next[0]!.says).toContain('it fails with ReviewTimeout');
    expect(standin.requests.map(({ model, prompt, references: sent }) => [model, prompt, sent])).toEqual([
      [expect.stringContaining('image'), expect.stringContaining('a yard'), 2],
      [checker, 'Is anything red?', 1],
    ]);

    standin.behaveForModel(checker, undefined);
    await client.review(id, 'front', { run: 1, decision: 'tweak' });
    const ended = await client.wait(id);
    expect(ended).toMatchObject({ state: 'succeeded', metadata: { project: 'p42' } });
    const [task] = ended.tasks!;
    expect(task).toMatchObject({ run: 2, attempt: 1, metadata: { area: 1 }, usage: { paidCalls: 4 } });
    expect(task).not.toHaveProperty('flags');
    const [, , drawn, checked] = standin.requests;
    expect(drawn!.references).toBe(3);
    expect(drawn!.prompt).toContain(`Change it: Fix each of these problems: ${reason}`);
    expect(drawn!.prompt).toContain('the yard today');
    expect(checked).toMatchObject({ model: checker, references: 1 });

    const first = await metadataOf(installation, ended, 1);
    expect(first).toMatchObject({ flags: [{ source: 'check', reason }], check: { model: checker } });
    const second = await metadataOf(installation, ended, 2);
    expect(second).toMatchObject({ metadata: { area: 1 }, jobMetadata: { project: 'p42' } });
    expect(second['check']).toMatchObject({ answers: [{ flagged: false, reasons: [] }] });
    const history = (await client.history(id)).map(({ state, run, reason: why }) => `${run} ${state} ${why}`);
    expect(history).toEqual([
      '1 queued Submitted',
      '1 running Claimed',
      '1 needs_review Flagged',
      '2 queued Tweaked',
      '2 running Claimed',
      '2 succeeded Succeeded',
    ]);
  });

  it('by models of OpenAI, and after a fallback by a model of the pool that drew it', async () => {
    await using folder = await tempFolder();
    const nats = await startInstallation({ processes: [] });
    const { standin } = nats;
    const pools = join(folder.path, 'pools.json');
    const openai = { provider: 'openai', baseUrl: `${standin.url}/v1`, keys: [{ key: 'sk-one' }] };
    const gemini = { provider: 'gemini', baseUrl: standin.url, keys: [{ key: 'one' }] };
    await writeFile(
      pools,
      JSON.stringify({
        pools: [
          { ...gemini, name: 'default', models: { image: ['gemini-3.1-flash-image'], text: [checker] } },
          { ...openai, name: 'gpt', models: { image: ['gpt-image-1.5'], text: ['gpt-5.4'] } },
        ],
      }),
    );
    const env = { GENWARDEN_POOLS_FILE: pools };
    const installation = await startInstallation({ nats: nats.nats, env: { ...env, GENWARDEN_POOL: 'default' } });
    await installation.start('worker', { GENWARDEN_POOL: 'gpt' });
    const { client } = installation;
    const policy = { check: { prompt: 'Is anything red?', model: checker } };
    const own = await client.submit({
      kind: 'image',
      pool: 'gpt',
      input: { prompt: 'a yard' },
      policy: { check: { prompt: 'Is anything red?' } },
    });
    const moved = await client.submit({
      kind: 'image',
      input: { prompt: 'a walkway [standin: not-found x1]' },
      policy: { ...policy, fallback: [{ pool: 'gpt' }] },
    });
    for (const { id } of [own, moved]) {
      const { state, tasks } = await client.wait(id);
      expect([state, tasks![0]!.used?.pool, tasks![0]!.message]).toEqual([
        'succeeded',
        'gpt',
        expect.stringMatching(/^Completed in/),
      ]);
    }
  });
});
