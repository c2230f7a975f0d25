// The options that the help of a command shows, and how it describes them.

import type { Option } from 'commander';
import { mainSettings } from './commands.ts';

/** Commands without settings show all their options. */
export function isMainSetting(command: string, flag: string | null | undefined): boolean {
  const main = Object.hasOwn(mainSettings, command) ? mainSettings[command] : undefined;
  return main === undefined || flag === '--help' || main.includes(flag ?? '');
}

/** The description with the choices and the default in plain words. */
export function optionText({ description, argChoices, defaultValue }: Option): string {
  const facts = [
    ...(argChoices === undefined ? [] : [argChoices.join(', ')]),
    ...(defaultValue === undefined || typeof defaultValue === 'boolean' ? [] : [`default ${String(defaultValue)}`]),
  ];
  if (facts.length === 0) return description;
  const told = /^(.*) \((default [^;)]+)\)$/.exec(description);
  const [text, all] = told === null ? [description, facts] : [told[1]!, [...facts, told[2]!]];
  return `${text} (${all.join('; ')})`;
}

/** `--help` without `--all` does not repeat for each setting how its variable is named. */
export const withoutVariable = (text: string): string =>
  text.replace(/ \(env GENWARDEN_\w+\)$/, '').replace(/; env GENWARDEN_\w+\)$/, ')');

const groups: readonly (readonly [RegExp, string])[] = [
  [/^--nats-/, 'NATS:'],
  [/^--(http|public|cors|console)/, 'API and console:'],
  [/^--(auth|oidc|kubernetes)/, 'Access:'],
  [/^--(gemini|openai|standin)/, 'Providers:'],
  [/^--(artifact|s3)/, 'Artifacts:'],
  [/^--webhook/, 'Webhooks:'],
  [/^--(log|metrics)/, 'Logs and metrics:'],
  [/^--(otel|trace)/, 'Traces:'],
];

export const helpGroupOf = ({ long }: Option): string =>
  groups.find(([pattern]) => pattern.test(long ?? ''))?.[1] ?? 'Options:';
