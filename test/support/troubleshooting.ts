// Compares what commands print with docs/troubleshooting.md, where volatile parts such as ids, times and ports may differ.
// UPDATE_DOCS=1 writes the real output into the page instead.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { markdownTable } from './markdownTable.ts';
import { startProcess } from './process.ts';
import { jobIds, presentable, steady } from './shownOutput.ts';

const page = fileURLToPath(new URL('../../docs/troubleshooting.md', import.meta.url));
const programs = fileURLToPath(new URL('../../bin', import.meta.url));

export interface Symptom {
  /** The heading of the page. */
  readonly complaint: string;
  /** What the test did. */
  readonly cause: string;
  /** Which of the section's samples shows it; default: the first. */
  readonly sample?: number;
  /** What the output must say. */
  readonly names: RegExp;
  readonly exitCode?: number;
}

interface Ran {
  readonly text: string;
  readonly code: number | null;
  /** The command and what it printed, as the page shows them. */
  readonly output: string;
}

interface Row {
  readonly complaint: string;
  readonly cause: string;
  readonly command: string;
  readonly says: string;
}

const rows: Row[] = [];

/** The complaints that were checked in this file, with the line that names the cause. */
export function printSymptoms(): void {
  const lines = rows.map(({ complaint, cause, command, says }) => [complaint, cause, command, says]);
  process.stdout.write(`\n${markdownTable(['complaint', 'cause', 'command', 'prints'], lines)}\n`);
}

export interface Place {
  /** Of the API; the page shows http://127.0.0.1:8080. */
  readonly url: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command of the page as a reader would, in a shell that finds `genwarden`. */
async function run(command: string, { url, cwd, env = {} }: Place): Promise<Ran> {
  const path = `${programs}:${process.env['PATH']}`;
  const ran = await startProcess('sh', ['-c', command.replaceAll('http://127.0.0.1:8080', url)], {
    env: { NO_COLOR: '1', GENWARDEN_URL: url, PATH: path, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  const { code } = await ran.exited;
  const text = ran.lines.join('\n');
  return { text, code, output: `$ ${command}\n${text}` };
}

/**
 * Runs the command until its output names the cause and is what the page shows: heartbeats of a moment ago may still be missing in
 * the first one.
 */
export async function expectSymptom(symptom: Symptom, command: string, place: Place): Promise<void> {
  const { complaint, cause, sample = 0, names, exitCode = 0 } = symptom;
  let ran = await run(command, place);
  const isNamed = (): boolean => names.test(ran.text) && ran.code === exitCode;
  const isShown = (): boolean => steady(sampleOf(complaint, sample)) === steady(ran.output);
  const updates = process.env['UPDATE_DOCS'] === '1';
  for (let tries = 1; tries < mostTries && !(isNamed() && (updates || isShown())); tries += 1)
    ran = await run(command, place);
  expect({ complaint, text: ran.text, code: ran.code }).toEqual({
    complaint,
    text: expect.stringMatching(names),
    code: exitCode,
  });
  if (updates && !isShown()) replaceSample(complaint, sample, presentable(ran.output));
  expect(steady(ran.output)).toBe(steady(sampleOf(complaint, sample)));
  const says = ran.text.split('\n').find((line) => names.test(line)) ?? '';
  rows.push({ complaint, cause, command: command.replaceAll(jobIds, 'JOB'), says: steady(says).trim() });
}

const mostTries = 5;

const sampleForm = /^```console\n([^]*?)\n```$/gm;

/** The section's text with its start in the page. */
function sectionOf(complaint: string): { text: string; from: number } {
  const all = readFileSync(page, 'utf8');
  const from = all.indexOf(`\n## ${complaint}\n`);
  if (from === -1) throw new Error(`docs/troubleshooting.md has no heading "${complaint}"`);
  const to = all.indexOf('\n## ', from + 1);
  return { text: all.slice(from, to === -1 ? undefined : to), from };
}

function sampleAt(complaint: string, sample: number): RegExpMatchArray & { index: number } {
  const found = [...sectionOf(complaint).text.matchAll(sampleForm)][sample];
  if (found === undefined) throw new Error(`"${complaint}" in docs/troubleshooting.md has no sample ${sample}`);
  return found;
}

const sampleOf = (complaint: string, sample: number): string => sampleAt(complaint, sample)[1]!;

function replaceSample(complaint: string, sample: number, output: string): void {
  const { from } = sectionOf(complaint);
  const found = sampleAt(complaint, sample);
  const all = readFileSync(page, 'utf8');
  const at = from + found.index;
  const changed = `${all.slice(0, at)}\`\`\`console\n${output}\n\`\`\`${all.slice(at + found[0].length)}`;
  writeFileSync(page, changed);
}
