// Every alert fires and stays silent as it should: promtool evaluates the rules on series that are written by hand.
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { plainForm } from '../../../hack/rules/form.ts';
import { alertNames } from '../../../hack/rules/groups.ts';
import { promtool } from '../../support/prometheus.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { root } from '../../tidy/repository.ts';
import { absentCases } from './cases/absent.ts';
import { burnCases } from './cases/burn.ts';
import { stateCases } from './cases/state.ts';
import { taskCases } from './cases/tasks.ts';
import { runCases } from './promtoolTest.ts';

const cases = { ...burnCases, ...taskCases, ...stateCases, ...absentCases };

test('promtool accepts the rules', async () => {
  const { code, stdout, stderr } = await promtool(['check', 'rules', `${root}/prometheus/genwarden.rules.yaml`]);
  console.log(`promtool check rules prometheus/genwarden.rules.yaml\n${stdout}${stderr}`);
  expect(code).toBe(0);
});

test('promtool accepts the rules of the chart, with the values that Helm fills in', async () => {
  const { objectives } = plainForm;
  const values: Record<string, unknown> = {
    NAMESPACE: 'genwarden',
    RUNBOOK_URL: plainForm.runbookUrl,
    SUCCESS: objectives.success,
    RESULT: objectives.result,
    RESULT_SECONDS: objectives.resultSeconds,
    RECOVERY: objectives.recovery,
    RECOVERY_SECONDS: objectives.recoverySeconds,
  };
  const file = readFileSync(`${root}/charts/genwarden/files/alerts.yaml`, 'utf8');
  const filled = file.replaceAll(/%([A-Z_]+)%/g, (_, name: string) => String(values[name]));
  await using folder = await tempFolder('rules');
  const path = join(folder.path, 'chart.yaml');
  await writeFile(path, stringify({ groups: parse(filled) }));
  expect(await promtool(['check', 'rules', '--lint=all', '--lint-fatal', path])).toMatchObject({ code: 0 });
});

test('every alert has cases in which it fires, and in which it does not', () => {
  expect(Object.keys(cases).toSorted()).toEqual([...alertNames].toSorted());
  for (const [alert, of] of Object.entries(cases)) {
    expect(`${alert}: ${of.some(({ fires }) => fires.length > 0)}`).toBe(`${alert}: true`);
    expect(`${alert}: ${of.some(({ fires }) => fires.length === 0)}`).toBe(`${alert}: true`);
  }
});

test.each(Object.entries(cases))('%s', async (alert, of) => {
  const { code, stdout, stderr } = await runCases(alert, of);
  const lines = of.map(
    ({ what, fires, atMinute }) => `  ${fires.length > 0 ? 'fires ' : 'silent'}  ${what} (minute ${atMinute})`,
  );
  console.log(`promtool test rules ${alert}\n${lines.join('\n')}\n${stdout}${stderr}`);
  expect(code).toBe(0);
});

test('an installation in good health has no alert, not even a pending one', async () => {
  const none = { what: 'good health', series: {}, atMinute: 120, fires: [], values: { 'count(ALERTS)': undefined } };
  const { code, stdout, stderr } = await runCases('GenwardenNoLeader', [none]);
  expect(`${code} ${stdout}${stderr}`).toMatch(/^0 .*SUCCESS/s);
});
