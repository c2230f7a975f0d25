// docs/alerts.md and docs/runbooks fit the rules: every alert has a page, every page opens with a command, and every command exists.

import { readdirSync, readFileSync } from 'node:fs';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { plainForm } from '../../../hack/rules/form.ts';
import { alertNames, ruleGroups } from '../../../hack/rules/groups.ts';
import { notCounted } from '../../../hack/rules/objectives.ts';
import { buildPlugin } from '../../../src/cli/kubectl/program.ts';
import { addProcessCommands } from '../../../src/cli/processes.ts';
import { metricNames } from '../../../src/telemetry/metrics.ts';
import { allCommands } from '../../support/commandLine.ts';

const docs = new URL('../../../docs/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, docs), 'utf8');

const index = 'README.md';
const pages = readdirSync(new URL('runbooks/', docs))
  .filter((name) => name !== index)
  .map((name) => ({ name: name.replace(/\.md$/, ''), text: read(`runbooks/${name}`) }));

const opening = /^# (\w+)\n\n```console\n\$ (genwarden [^\n]+)\n[^]+?\n```\n/;
const headings = [
  'What it means',
  'Who is affected',
  'Likely causes',
  'What to do',
  'How to check that it is over',
] as const;

test('every alert has a page, and every page an alert', () => {
  expect(pages.map(({ name }) => name).toSorted()).toEqual(alertNames.toSorted());
});

describe.each(pages)('$name', ({ name, text }) => {
  test('opens with a command and its output, and can be read in a minute', () => {
    expect(opening.exec(text)?.[1]).toBe(name);
    expect([...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)).toEqual(headings);
    expect(text.split('\n').length).toBeLessThanOrEqual(61);
    expect(text).toMatch(/\n\nRelated: (?:(?!\n\n)[^])+\.\n$/);
  });

  test('names only commands that exist, with flags that they have', () => {
    const wrong = commandsIn(text).map(problemOf);
    expect(wrong.filter((problem) => problem !== undefined)).toEqual([]);
  });

  test('is in the index with the command with which it opens', () => {
    const row = new RegExp(`^\\| \\[${name}\\]\\(${name}\\.md\\) +\\| \`(.+)\` +\\|$`, 'm').exec(
      read(`runbooks/${index}`),
    );
    expect(row?.[1]).toBe(opening.exec(text)![2]);
  });
});

test('panels that the pages name are in the dashboard that they name', () => {
  const named = pages.flatMap(({ text }) => [
    ...text
      .replaceAll(/\s+/g, ' ')
      .matchAll(/((?:_[^_`]+_(?:,? and )?)+)(?: grow)? in the dashboard (Control plane|\w+)/g),
  ]);
  expect(named.length).toBeGreaterThan(3);
  for (const [, list = '', dashboard = ''] of named)
    for (const [, panel] of list.matchAll(/_([^_]+)_/g)) expect(panelsOf(dashboard)).toContain(panel);
});

test.each(['alerts.md', ...pages.map(({ name }) => `runbooks/${name}.md`)])(
  '%s names only metrics that exist',
  (name) => {
    const named = [...read(name).matchAll(/\b(?:genwarden|leader_election|nodejs)_[a-z\d_]+\b(?!\.)/g)].map(
      ([metric]) => metric,
    );
    // prom-client's own, and the stream.
    const known = [...metricNames, 'nodejs_eventloop_lag_p99_seconds', 'genwarden_tasks'];
    expect(named.filter((metric) => !known.includes(metric.replace(/_(?:bucket|count|sum)$/, '')))).toEqual([]);
  },
);

test('commands that do not exist are found', () => {
  const found = commandsIn('`genwarden stuck --force`, `kubectl genwarden tops`\n$ genwarden pools\n`genwarden_keys`');
  expect(found.map(problemOf)).toEqual([
    'genwarden stuck has no --force',
    'there is no kubectl genwarden tops',
    undefined,
  ]);
});

test('docs/alerts.md lists every alert with its severity and duration', () => {
  const row = /^\| \[`(\w+)`\]\(runbooks\/(\w+)\.md\) +\| (\w+) +\| (\S+) +\|/gm;
  const listed = [...read('alerts.md').matchAll(row)].map(([, name, page, severity, duration]) => {
    expect(page).toBe(name);
    return [name!, { severity, for: duration }] as const;
  });
  const rules = ruleGroups(plainForm).flatMap((group) => group.rules);
  const expected = rules.flatMap((rule) =>
    rule.alert === undefined
      ? []
      : [[rule.alert, { severity: rule.labels?.['severity'], for: rule.for ?? '-' }] as const],
  );
  expect(listed).toHaveLength(alertNames.length);
  expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(expected));
});

test('docs/alerts.md lists the reasons that do not count', () => {
  for (const [why, reasons] of Object.entries(notCounted)) {
    const row = new RegExp(`^\\| ${why} +\\| (.*?) +\\|$`, 'm').exec(read('alerts.md'));
    expect(row?.[1]?.split(', ')).toEqual(reasons.map((reason) => `\`${reason}\``));
  }
});

interface Panel {
  readonly title?: string;
  readonly panels?: readonly Panel[];
}

function panelsOf(dashboard: string): string[] {
  const file = new URL(`../charts/genwarden/files/dashboards/${dashboard.toLowerCase().replace(' ', '-')}.json`, docs);
  const titles = ({ title = '', panels = [] }: Panel): string[] => [title, ...panels.flatMap(titles)];
  return titles(JSON.parse(readFileSync(file, 'utf8')) as Panel);
}

/** `genwarden controller` and the like. */
const processes: readonly string[] = (() => {
  const program = new Command();
  addProcessCommands(program);
  return program.commands.map((command) => command.name());
})();

/** In samples and in code. */
function commandsIn(text: string): string[] {
  return [...text.matchAll(/^\$ ((?:kubectl )?genwarden .+)$|`((?:kubectl )?genwarden [^`\n]+)`/gm)].map(
    ([, shown, named]) => shown ?? named!,
  );
}

function problemOf(command: string): string | undefined {
  const [, program = '', rest = ''] = /^((?:kubectl )?genwarden) (.+)$/.exec(command) ?? [];
  const words = rest.split(/\s+/);
  const [name, found] = [...allCommands()].find(([full]) => `${rest} `.startsWith(`${full} `)) ?? [];
  if (found === undefined && processes.includes(rest)) return undefined;
  if (found === undefined) return `there is no ${program} ${words[0]}`;
  const shared = program === 'genwarden' ? [] : buildPlugin().options;
  const known = [...found.options, ...shared].flatMap(({ long, short }) => [long, short]);
  const unknown = words.filter((word) => word.startsWith('-') && !known.includes(word));
  return unknown.length === 0 ? undefined : `${program} ${name} has no ${unknown.join(', ')}`;
}
