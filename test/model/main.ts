// Explores the model from the command line, with any bounds.
import { parseArgs } from 'node:util';
import { explore } from './explore.ts';
import { describe } from './report.ts';
import { scenarios, type Scenario } from './scenario.ts';

const bounds = [
  'tasks',
  'workers',
  'slots',
  'controllers',
  'faults',
  'cancels',
  'retries',
  'reviews',
  'deadline',
  'outages',
] as const;

/** The scenarios selected by the arguments. Throws an error with a message for the user. */
export function scenariosFrom(args: readonly string[]): Scenario[] {
  const options = Object.fromEntries(['scenario', ...bounds].map((name) => [name, { type: 'string' as const }]));
  const { values } = parseArgs({ args: [...args], options });
  const { scenario: name, ...asked } = values as Partial<Record<string, string>>;
  const changes = Object.fromEntries(Object.entries(asked).map(([bound, text]) => [bound, numberOf(bound, text!)]));
  const named = name === undefined && Object.keys(changes).length > 0 ? 'one' : name;
  if (named === undefined) return Object.values(scenarios);
  const base: Scenario | undefined = (scenarios as Record<string, Scenario>)[named];
  if (base === undefined) throw new Error(`There is no scenario ${named}, only ${Object.keys(scenarios).join(', ')}`);
  const says = Object.entries(changes).map(([bound, value]) => `, ${bound} ${value}`);
  return [{ ...base, name: base.name + says.join(''), ...changes }];
}

function numberOf(bound: string, text: string): number {
  if (!/^\d{1,2}$/.test(text)) throw new Error(`--${bound} takes a whole number, not ${text}`);
  return Number(text);
}

if (import.meta.main) {
  for (const scenario of scenariosFrom(process.argv.slice(2))) {
    const startedAt = process.hrtime.bigint();
    const result = explore(scenario);
    const seconds = Number((process.hrtime.bigint() - startedAt) / 1_000_000n) / 1_000;
    console.info(`${describe(scenario.name, result)}\n  ${seconds.toFixed(1)} s\n`);
    if (result.violation !== undefined) process.exitCode = 1;
  }
}
