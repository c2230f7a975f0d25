// Compares what commands print with docs/troubleshooting.md, where volatile parts such as ids, times and ports may differ.
// UPDATE_DOCS=1 writes the real output into the page instead.

import { expect } from 'vitest';
import { markdownTable } from './markdownTable.ts';
import { runShown, Samples, type Place } from './shownCommand.ts';
import { jobIds, presentable, steady } from './shownOutput.ts';

const page = new Samples('troubleshooting.md');

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

/**
 * Runs the command until its output names the cause and is what the page shows: heartbeats of a moment ago may still be missing in
 * the first one.
 */
export async function expectSymptom(symptom: Symptom, command: string, place: Place): Promise<void> {
  const { complaint, cause, sample = 0, names, exitCode = 0 } = symptom;
  let ran = await runShown(command, place);
  const isNamed = (): boolean => names.test(ran.text) && ran.code === exitCode;
  const isShown = (): boolean => steady(page.read(sample, complaint)) === steady(ran.output);
  const updates = process.env['UPDATE_DOCS'] === '1';
  for (let tries = 1; tries < mostTries && !(isNamed() && (updates || isShown())); tries += 1)
    ran = await runShown(command, place);
  expect({ complaint, text: ran.text, code: ran.code }).toEqual({
    complaint,
    text: expect.stringMatching(names),
    code: exitCode,
  });
  if (updates && !isShown()) page.replace(sample, presentable(ran.output), complaint);
  expect(steady(ran.output)).toBe(steady(page.read(sample, complaint)));
  const says = ran.text.split('\n').find((line) => names.test(line)) ?? '';
  rows.push({ complaint, cause, command: command.replaceAll(jobIds, 'JOB'), says: steady(says).trim() });
}

const mostTries = 5;
