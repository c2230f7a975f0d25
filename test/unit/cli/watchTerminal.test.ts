// `genwarden watch` and `submit --watch` as processes in a terminal: what stays on the screen after Ctrl-C and at the end, and what it
// says while the API is away.

import { expect, test } from 'vitest';
import { answerJson, FakeApi } from '../../fakes/fakeApi.ts';
import { fakeJob, fakeTask } from '../../fakes/fakeJobs.ts';
import { startInTerminal } from '../../support/terminal.ts';

const bin = new URL('../../../bin/genwarden', import.meta.url).pathname;

test('Ctrl-C says that the job continues and how to come back, and exits with 130', { timeout: 60_000 }, async () => {
  await using api = await FakeApi.start();
  const job = fakeJob('job1', [fakeTask(0, 'queued', { name: 'yard' })]);
  api.put(job);
  api.route('POST /v1/jobs', (_, response) => answerJson(response, 202, { ...job, warnings: [] }));
  const terminal = await startInTerminal(bin, ['submit', '--prompt', 'a yard', '--watch'], { env: api.env });
  await terminal.waitFor(/yard {2}queued/);
  terminal.type('\x03');
  expect(await terminal.exited).toBe(130);
  expect(terminal.text().split('\n').slice(-2)).toEqual([
    'The job continues. To watch it again:',
    '  genwarden watch job1',
  ]);
  // The cursor is visible again.
  expect(terminal.output().lastIndexOf('\u001b[?25h')).toBeGreaterThan(terminal.output().lastIndexOf('\u001b[?25l'));
});

test(
  'while the API is away it says so, and continues when the API is back; the last lines replace the screen',
  { timeout: 60_000 },
  async () => {
    const api = await FakeApi.start();
    const detail = 'No worker serves pool default';
    const waitingFor = { reason: 'NoWorkers', until: null, detail } as const;
    api.put(fakeJob('job1', [fakeTask(0, 'queued', { name: 'yard', waitingFor })]));
    const terminal = await startInTerminal(bin, ['watch', 'job1'], { env: api.env });
    await terminal.waitFor(/yard {2}queued {2}- +\d+d {2}no worker serves pool default/);
    const { port } = api;
    await api.close();
    await terminal.waitFor(/API unavailable since .+Z, retrying: /);
    await using again = new FakeApi();
    again.put(fakeJob('job1', [fakeTask(0, 'needs_review', { name: 'yard' })]));
    await again.listen(port);
    expect(await terminal.exited).toBe(5);
    const rows = terminal.text().split('\n');
    expect(rows.filter((row) => row.startsWith('job1  '))).toEqual([
      expect.stringMatching(/^job1 {2}needs_review {2}▒{10} +0% {2}0\/1 done, 1 in review/),
    ]);
    expect(rows.slice(-3)).toEqual([
      expect.stringMatching(/^yard needs a review/),
      '  genwarden review job1 approve --task 0 --run 1',
      'Instead of approve: reject, or tweak --instruction TEXT',
    ]);
    expect(terminal.text()).not.toContain('unavailable');
  },
);
