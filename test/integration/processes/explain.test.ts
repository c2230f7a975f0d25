// `explain`, `stuck`, `pause`, `resume` and `doctor`, run as commands against real processes.

import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { SubmitRequest, Worker } from '../../../src/client/index.ts';
import { anImage, startInstallation, type Installation } from '../../support/installation.ts';
import { startProcess } from '../../support/process.ts';
import { until } from '../../support/until.ts';

const program = fileURLToPath(new URL('../../../bin/genwarden', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly text: string;
}

/** Runs a command against the installation, and prints its output on request. */
async function genwarden({ url }: Installation, ...args: string[]): Promise<Ended> {
  const command = await startProcess(program, args, { env: { GENWARDEN_URL: url } });
  const { code } = await command.exited;
  const text = command.lines.join('\n');
  if (process.env['SHOW_OUTPUT'] !== undefined)
    process.stdout.write(`$ genwarden ${args.join(' ')}\n${text}\n[${code}]\n\n`);
  return { code, text };
}

/**
 * Runs the command until it explains the job in these words. One step, because many explanations hold for seconds only, and a
 * command takes seconds on a loaded machine.
 */
async function explainedAs(installation: Installation, job: string, words: string | RegExp): Promise<void> {
  const fits = async (): Promise<boolean> => {
    const { code, text } = await genwarden(installation, 'explain', job);
    expect(code).toBe(0);
    return typeof words === 'string' ? text.includes(words) : words.test(text);
  };
  await until(fits, { what: `the explanation ${words}`, timeoutMs: 30_000 });
}

const submit = async ({ client }: Installation, over: Partial<SubmitRequest> = {}): Promise<string> =>
  (await client.submit(anImage('a front yard', over))).id;

/** The one worker, once the API has heard it. */
function theWorker({ client }: Installation): Promise<Worker> {
  return until(async () => (await client.workers())[0], { what: "the worker's heartbeat" });
}

describe('commands explain', () => {
  it('a queue without workers, a pause, and what is stuck; and can fail exactly that', async () => {
    const installation = await startInstallation({ env: { GENWARDEN_HEARTBEAT_TIMEOUT: '2s' } });
    const { client, start } = installation;
    process.kill((await theWorker(installation)).pid, 'SIGTERM');
    const live = async () => (await client.workers()).filter(({ state }) => state === 'live').length;
    await until(async () => (await live()) === 0, {
      what: 'the worker to be gone',
      timeoutMs: 20_000,
    });
    const job = await submit(installation);
    await explainedAs(installation, job, 'why   No worker serves pool default');
    const clear = await genwarden(installation, 'stuck');
    expect(clear.code).toBe(0);
    expect(clear.text).toMatch(
      /^No task of \d open is stuck \(all tenants, seen up to sequence \d+, [\d.]+ m?s ago\)\.$/,
    );
    const stuck = await genwarden(installation, 'stuck', '--older-than', '100ms');
    expect(stuck).toMatchObject({ code: 3 });
    expect(stuck.text).toMatch(new RegExp(`${job} +0  queued +\\d+s  NoWorkers`));

    const paused = await genwarden(installation, 'pause', 'default');
    expect(paused.text).toMatch(
      /Pool default is paused until it is resumed\.\nQueued tasks: 1\. The first fails with QueueTimeout/,
    );
    await start('worker');
    await until(async () => (await live()) === 1, { what: 'the worker' });
    await explainedAs(installation, job, 'genwarden resume default');
    expect((await genwarden(installation, 'doctor')).text).toContain('✗ pool default');
    const other = await submit(installation);
    const fixed = await genwarden(installation, 'stuck', '--older-than', '100ms', '--job-id', job, '--fix', '--yes');
    expect(fixed).toMatchObject({ code: 0 });
    expect(await client.get(job)).toMatchObject({ state: 'failed', tasks: [{ reason: 'FailedByOperator' }] });
    expect(await client.get(other)).toMatchObject({ state: 'queued' });

    expect((await genwarden(installation, 'resume', 'default')).code).toBe(0);
    expect((await client.wait(other)).state).toBe('succeeded');
    expect(await genwarden(installation, 'doctor')).toMatchObject({ code: 0 });
  });

  it('a provider that hangs, cooling keys, a review, and how a task failed', async () => {
    const installation = await startInstallation();
    const { standin, client } = installation;
    standin.script([{ kind: 'hang', times: 20 }]);
    // A call is slow in the second half of its attempt: there are enough of them for a slow command to see one.
    const hung = await submit(installation, { policy: { attemptTimeout: '8s', maxAttempts: 10 } });
    await explainedAs(installation, hung, /Gemini has had the call for .* is alive \(last heartbeat/);
    await client.cancel(hung);
    const failed = await submit(installation, { policy: { attemptTimeout: '1s', maxAttempts: 1 } });
    await client.wait(failed);
    await explainedAs(installation, failed, 'It failed');
    standin.script([]);

    const reviewed = await submit(installation, { policy: { review: 'always' } });
    await explainedAs(installation, reviewed, `genwarden review ${reviewed}`);

    // The worker may hold the right to further calls when the first is refused.
    standin.script([{ kind: 'rate-limited', retryMs: 30_000, times: 50 }]);
    const cooled = await submit(installation);
    await explainedAs(installation, cooled, /for every key of pool default: .*; next call /);
    await genwarden(installation, 'stuck', '--older-than', '100ms');
  });

  it('a retry that is not queued, because no controller runs', async () => {
    const installation = await startInstallation({ processes: ['worker', 'api'] });
    const { standin, client, start } = installation;
    const controller = await start('controller');
    standin.script([{ kind: 'status', status: 503, latencyMs: 300 }]);
    const job = await submit(installation);
    await standin.waitFor((requests) => requests.length === 1, 20_000);
    controller.kill('SIGKILL');
    await controller.exited;
    await explainedAs(installation, job, 'failed with ProviderUnavailable');
    const noLeader = async (): Promise<boolean> =>
      (await client.doctor()).checks.some(({ name, ok }) => name === 'controller' && !ok);
    await until(noLeader, { what: 'the lease to be over', timeoutMs: 20_000 });
    const doctor = await genwarden(installation, 'doctor');
    expect(doctor).toMatchObject({ code: 1 });
    expect(doctor.text).toContain('no controller leads');
    await explainedAs(installation, job, 'no controller moved it');
    expect(await genwarden(installation, 'stuck')).toMatchObject({ code: 3 });
    await start('controller');
    expect(await client.wait(job)).toMatchObject({ state: 'succeeded', tasks: [{ attempt: 2 }] });
  });

  it('a worker that fell silent, and its loss', async () => {
    // The explanation changes after half of the timeout, and holds for the other half.
    const installation = await startInstallation({ env: { GENWARDEN_HEARTBEAT_TIMEOUT: '12s' } });
    const { standin } = installation;
    standin.script([{ kind: 'hang' }]);
    const job = await submit(installation);
    await standin.waitFor((requests) => requests.length === 1, 20_000);
    const { pid } = await theWorker(installation);
    process.kill(pid, 'SIGSTOP');
    try {
      await explainedAs(installation, job, 'of silence the worker is considered lost');
      await explainedAs(installation, job, /No worker serves[^]*The previous attempt ended with WorkerLost/);
    } finally {
      process.kill(pid, 'SIGKILL');
    }
  });
});
