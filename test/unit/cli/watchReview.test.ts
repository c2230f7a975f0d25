// A job that waits for a reviewer: how `watch`, `submit --wait` and `get` say so.

import { describe, expect, test } from 'vitest';
import { runCommand, startCommand } from '../../support/commandLine.ts';
import { answerJson, FakeApi } from '../../fakes/fakeApi.ts';
import { fakeJob, fakeTask } from '../../fakes/fakeJobs.ts';

describe('a job that needs a review', () => {
  const flags = [{ source: 'check' as const, reason: 'The border is red' }];
  const inReview = fakeTask(0, 'needs_review', { reason: 'Flagged', message: 'Flagged by the check', flags, run: 2 });
  const until15 = 'needs a review until 00:15:00Z (5 min)';

  test('ends the watch with exit code 5 and says how to review it', async () => {
    await using api = await FakeApi.start();
    api.put(fakeJob('job1', [fakeTask(0, 'running'), fakeTask(1, 'succeeded')]));
    const running = startCommand(['watch', 'job1'], { env: api.env });
    await api.held();
    api.put(fakeJob('job1', [inReview, fakeTask(1, 'succeeded')]));
    expect(await running.ended).toBe(5);
    expect(running.stdout().split('\n').slice(2)).toEqual([
      '00:10:00Z  job1  task 0  needs_review (run 2, attempt 1)  Flagged: Flagged by the check',
      `task 0 ${until15}: Flagged by the check`,
      '  genwarden review job1 approve --task 0 --run 2',
      'Instead of approve: reject, or tweak, which fixes what was flagged',
      '',
    ]);
  });

  test('continues while another task runs, and matters less than a job that failed', async () => {
    await using api = await FakeApi.start();
    api.put(fakeJob('job1', [inReview, fakeTask(1, 'running')]));
    const running = startCommand(['watch', 'job1'], { env: api.env });
    await api.held();
    api.put(fakeJob('job1', [inReview, fakeTask(1, 'failed')]));
    expect(await running.ended).toBe(5);
    api.put(fakeJob('job2', [fakeTask(0, 'failed')]));
    expect((await runCommand(['watch', 'job1', 'job2'], { env: api.env })).code).toBe(1);
  });

  test('ends submit --wait likewise; the job is on standard output, the advice on standard error', async () => {
    await using api = await FakeApi.start();
    const job = fakeJob('job1', [fakeTask(0, 'needs_review')]);
    api.put(job);
    api.route('POST /v1/jobs', (_, response) => answerJson(response, 202, { ...job, warnings: [] }));
    const submit = [
      'submit',
      '--prompt',
      'a',
      '--check',
      'Is it red?',
      '--check-model',
      'judge',
      '--wait',
      '-o',
      'json',
    ];
    const { code, stdout, stderr } = await runCommand(submit, { env: api.env });
    expect([code, JSON.parse(stdout).state]).toEqual([5, 'needs_review']);
    expect(stderr).toBe(
      `task 0 ${until15}: It is needs_review.\n  genwarden review job1 approve --task 0 --run 1\n` +
        'Instead of approve: reject, or tweak --instruction TEXT\n',
    );
    const body = api.requests.find(({ method }) => method === 'POST')!.body.toString();
    expect(JSON.parse(body).policy).toEqual({ check: { prompt: 'Is it red?', model: 'judge' } });
  });

  test('shows its flags in get', async () => {
    await using api = await FakeApi.start();
    api.put(fakeJob('job1', [inReview]));
    const { stdout } = await runCommand(['get', 'job1'], { env: api.env });
    expect(stdout).toContain('task 0 was flagged:\n  check: The border is red\n');
    expect(stdout).toContain('genwarden review job1 approve --task 0 --run 2');
  });
});
