// No command says that all is well when it cannot know: against a real NATS that is frozen and killed, an API that is frozen, and
// without a controller. And what `doctor` says of an installation with its worker.

import { expect, it } from 'vitest';
import { runCommand, type EndedCommand } from '../../support/commandLine.ts';
import { anImage, startInstallation, type Installation } from '../../support/installation.ts';
import { until } from '../../support/until.ts';

async function genwarden({ url }: Pick<Installation, 'url'>, ...args: string[]): Promise<EndedCommand> {
  const ended = await runCommand(args, { env: { GENWARDEN_URL: url }, now: Date.now });
  if (process.env['SHOW_OUTPUT'] !== undefined)
    process.stdout.write(`$ genwarden ${args.join(' ')}\n${ended.stdout}${ended.stderr}[exit code ${ended.code}]\n\n`);
  return ended;
}

/** Runs the command until it ends with this code. */
async function endsWith(installation: Installation, code: number, ...args: string[]): Promise<EndedCommand> {
  let last: EndedCommand | undefined;
  await until(async () => (last = await genwarden(installation, ...args)).code === code, {
    what: `genwarden ${args.join(' ')} to end with ${code}`,
    timeoutMs: 60_000,
  });
  return last!;
}

const allClear = /^No task .*\(all tenants, seen up to sequence \d+, [\d.]+ m?s ago\)\.\n/;

it('stuck, lists and doctor while NATS is frozen or away, and without a controller', async () => {
  const installation = await startInstallation({ processes: ['worker', 'api'] });
  const { nats, client, standin, start } = installation;
  await until(async () => (await client.workers()).length === 1, { what: 'the heartbeat', timeoutMs: 30_000 });
  const leaderless = await genwarden(installation, 'stuck');
  expect(leaderless).toMatchObject({ code: 0, stdout: expect.stringMatching(allClear) });
  expect(leaderless.stdout).toContain('Warning: no controller leads');
  await start('controller');
  await until(async () => (await client.stuck()).searched.leader !== null, { what: 'a leader', timeoutMs: 30_000 });
  const { id } = await client.submit(anImage('a front yard'));
  await client.wait(id);
  expect((await genwarden(installation, 'stuck')).stdout).toMatch(/^No task is open; 1 job known [^\n]*\n$/);
  const known = await genwarden(installation, 'stuck', '--job-id', id);
  expect(known.stdout).toMatch(new RegExp(`^No task of job ${id}, which is succeeded, is open `));
  const unknown = await genwarden(installation, 'stuck', '--job-id', '0'.repeat(26));
  expect(unknown).toMatchObject({ code: 4, stdout: '', stderr: expect.stringContaining('There is no job 000') });
  const typo = await genwarden(installation, 'stuck', '--pool', 'defualt');
  expect(typo).toMatchObject({ code: 4, stdout: '', stderr: expect.stringContaining('There is no pool defualt') });

  const doctor = await genwarden(installation, 'doctor');
  expect(doctor.code).toBe(0);
  expect(doctor.stdout).toMatch(/^Seen by this shell:\n✓ api .*\nSeen by api-\S+:\n/);
  expect(doctor.stdout).toMatch(new RegExp(`✓ nats +${nats.url}, version 2\\.`));
  expect(doctor.stdout).toMatch(
    new RegExp(`\nSeen by worker-\\S+:\n✓ check of default +${standin.url} accepts 1 key, answers in \\d+ ms\n`),
  );
  expect(standin.requests).toHaveLength(1);

  nats.kill('SIGSTOP');
  // The signal may stop the server's threads a moment later.
  const frozen = await endsWith(installation, 4, 'stuck');
  expect(frozen).toMatchObject({ stdout: '', stderr: expect.stringContaining('not known whether') });
  for (const command of [['list', '--state', 'failed'], ['pools'], ['explain', id]]) {
    const { code, stdout } = await genwarden(installation, ...command);
    expect([command, code === 0, stdout]).toEqual([command, false, '']);
  }
  nats.kill('SIGCONT');
  await endsWith(installation, 0, 'stuck');

  nats.kill('SIGKILL');
  await nats.exited;
  const away = await genwarden(installation, 'stuck');
  expect(away).toMatchObject({ code: 4, stdout: '', stderr: expect.stringContaining('not known whether') });
  expect((await genwarden(installation, 'list', '--state', 'failed')).code).not.toBe(0);
  const ill = await endsWith(installation, 1, 'doctor');
  expect(ill.stdout).toContain(`✗ nats        NATS does not answer at ${nats.url}\n`);
  await nats.restart();
  expect((await endsWith(installation, 0, 'stuck')).stdout).toMatch(allClear);
});
