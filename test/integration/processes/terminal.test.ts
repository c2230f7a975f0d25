// Commands in real terminals of 120, 80 and 40 columns, on an installation whose jobs run, wait, failed, succeeded and need a review: no
// line is wider than the terminal, and states and reasons are whole. docs/cli.md shows some of it, as UPDATE_DOCS=1 writes it. CAPTURES=folder
// writes what the terminals show, also of another build's commands (CAPTURED_PROGRAM=path).

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { SubmitRequest } from '../../../src/client/index.ts';
import { anImage, startInstallation, type Installation } from '../../support/installation.ts';
import { presentable, steady } from '../../support/shownOutput.ts';
import { startInTerminal, type TestTerminal } from '../../support/terminal.ts';
import { until } from '../../support/until.ts';

const captures = process.env['CAPTURES'];
const program = process.env['CAPTURED_PROGRAM'] ?? fileURLToPath(new URL('../../../bin/genwarden', import.meta.url));
const widths = captures === undefined ? [120, 80, 40] : [120, 80];

const pool = 'illustrations-for-the-printed-catalogue';

/** By what they are about. */
const requests: Readonly<Record<string, SubmitRequest>> = {
  succeeded: anImage('a pond in autumn, seen from the old wooden bridge', {
    labels: { project: 'p42', brand: 'north' },
  }),
  failed: {
    ...anImage('the front yard with native plants'),
    tasks: [
      { name: 'front-yard-with-the-native-plants-of-the-north' },
      { name: 'walkway', input: { prompt: 'a walkway [standin: refuse-prompt]' } },
      { name: 'porch-図面-庭', input: { prompt: 'a porch [standin: refuse-output SAFETY]' } },
    ],
  },
  review: anImage('the last page of the story', { policy: { review: 'always' } }),
  running: {
    ...anImage('every room of the house'),
    tasks: [{ name: 'hall' }, { name: 'kitchen', input: { prompt: 'the kitchen [standin: hang]' } }],
    policy: { attemptTimeout: '10m', runTimeout: '20m' },
  },
  firstOfMinute: anImage('the cover of the catalogue', { pool }),
  limited: anImage('page one of the catalogue', { pool }),
};

type Jobs = Readonly<Record<keyof typeof requests, string>>;

async function startWithJobs(): Promise<{ installation: Installation; jobs: Jobs }> {
  const installation = await startInstallation();
  await installation.start('worker', { GENWARDEN_POOL: pool, GENWARDEN_GEMINI_REQUESTS_PER_MINUTE: '1' });
  const { client } = installation;
  const jobs: Record<string, string> = {};
  for (const [name, request] of Object.entries(requests)) {
    jobs[name] = (await client.submit(request)).id;
    const settled = { succeeded: 'succeeded', failed: 'failed', review: 'needs_review', firstOfMinute: 'succeeded' }[
      name
    ];
    if (settled !== undefined) expect((await client.wait(jobs[name])).state).toBe(settled);
  }
  const waits = async (): Promise<boolean> => (await client.get(jobs['limited']!)).waitingFor?.reason === 'RateLimit';
  const runs = async (): Promise<boolean> => (await client.get(jobs['running']!)).progress.succeeded === 1;
  await until(async () => (await waits()) && (await runs()), { what: 'a wait and a running task', timeoutMs: 30_000 });
  return { installation, jobs };
}

interface Shown {
  readonly args: readonly string[];
  /** Live: Ctrl-C ends it once this is shown. */
  readonly live?: RegExp;
  /** docs/cli.md shows it, in 80 columns. */
  readonly documented?: true;
  /** Words that must be whole, wherever lines are broken. */
  readonly whole?: readonly string[];
}

function commandsOf(jobs: Jobs): Readonly<Record<string, Shown>> {
  const states = ['succeeded', 'failed', 'needs_review', 'running', 'queued'];
  const commands: Record<string, Shown> = {
    list: {
      args: ['list'],
      documented: true,
      whole: [...states, '2 of 3 failed:', 'PromptRefused', 'rate limit until'],
    },
    'get-failed': {
      args: ['get', jobs['failed']!],
      documented: true,
      whole: ['failed', 'PromptRefused', 'OutputRefused'],
    },
    'get-waiting': { args: ['get', jobs['limited']!], whole: ['queued', 'rate limit until'] },
    'get-review': { args: ['get', jobs['review']!.slice(0, 8)], whole: ['needs_review'] },
    'explain-waiting': { args: ['explain', jobs['limited']!], documented: true, whole: ['queued'] },
    stuck: { args: ['stuck', '--older-than', '0s'], whole: ['running'] },
    doctor: { args: ['doctor'] },
    workers: { args: ['workers'], whole: ['live'] },
    pools: { args: ['pools'], whole: ['RUNNING'] },
    config: { args: ['config'] },
    top: { args: ['top'], live: /OPEN JOB/, whole: ['running', 'queued', 'needs_review'] },
    watch: { args: ['watch', jobs['running']!], live: /hall/, whole: ['running', 'succeeded'] },
    help: { args: ['--help'] },
  };
  if (captures === undefined) return commands;
  const submit = ['submit', '--pool', pool, '--prompt', 'page two of the catalogue', '--watch'];
  return { ...commands, 'submit-watch': { args: submit, live: /queued/ } };
}

test('lines fit the terminal, and states and reasons are whole', { timeout: 300_000 }, async () => {
  const { installation, jobs } = await startWithJobs();
  for (const [name, shown] of Object.entries(commandsOf(jobs))) {
    // Each of them takes a part of a second of a processor.
    await Promise.all(widths.map((columns) => show(installation, name, shown, columns)));
  }
});

async function show({ url }: Installation, name: string, shown: Shown, columns: number): Promise<void> {
  const env = { GENWARDEN_URL: url, NO_COLOR: '1' };
  const terminal = await startInTerminal(program, shown.args, { columns, rows: 40, env });
  if (shown.live !== undefined) {
    await terminal.waitFor(shown.live, 30_000);
    terminal.type('\u0003');
  }
  await terminal.exited;
  if (captures !== undefined) capture(terminal, `${name}-${columns}`, shown.args);
  if (captures !== undefined) return;
  if (shown.documented === true && columns === 80) compareWithPage(terminal, shown.args);
  const text = terminal.text().replaceAll(/\s+/g, ' ');
  expect({ name, columns, broken: terminal.brokenLines() }).toEqual({ name, columns, broken: [] });
  for (const words of shown.whole ?? [])
    expect({ name, columns, text }).toMatchObject({ text: expect.stringContaining(words) });
}

function capture(terminal: TestTerminal, name: string, args: readonly string[]): void {
  mkdirSync(captures!, { recursive: true });
  writeFileSync(join(captures!, `${name}.txt`), `$ genwarden ${args.join(' ')}\n${terminal.text()}\n`);
}

const page = fileURLToPath(new URL('../../../docs/cli.md', import.meta.url));

/** Compares the page's sample of the command, or replaces it. Where lines break and names are cut depends on durations. */
function compareWithPage(terminal: TestTerminal, args: readonly string[]): void {
  const text = readFileSync(page, 'utf8');
  const form = new RegExp(`(^\`\`\`console\n)(\\$ genwarden ${args[0]!}\\b[^]*?)(\n\`\`\`$)`, 'm');
  const same = (output: string): string => steady(output).replaceAll(/\S*…/g, '…').replaceAll(/\s+/g, ' ');
  const printed = presentable(`$ genwarden ${args.join(' ')}\n${terminal.text()}`);
  const shown = form.exec(text)?.[2] ?? '';
  if (process.env['UPDATE_DOCS'] !== '1') expect(same(printed)).toBe(same(shown));
  else if (same(printed) !== same(shown))
    writeFileSync(
      page,
      text.replace(form, (_, open: string, _old: string, close: string) => open + printed + close),
    );
}
