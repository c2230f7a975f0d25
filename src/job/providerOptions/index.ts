// Which `input.providerOptions` a job may set, and to which values. A pool names its own list; without one, the options that
// neither cost more nor weaken a rule of the provider are allowed.

import type { JobKind } from '../policy.ts';
import type { JsonObject, JsonValue } from '../task.ts';
import { valueProblem, type ValueProblem } from './form.ts';
import { geminiOptions } from './gemini.ts';
import { openaiOptions } from './openai.ts';
import type { ProviderOption, ProviderOptionTable } from './table.ts';

/** By the provider's name. The options of any other provider are passed on, unless the pool names its list. */
const tables: Readonly<Record<string, ProviderOptionTable>> = {
  gemini: geminiOptions,
  openai: openaiOptions,
};

export interface OptionRules {
  readonly provider: string;
  readonly kind: JobKind;
  /** The pool's own list; undefined: the provider's default. */
  readonly allowed: readonly string[] | undefined;
}

/** Every problem of the options. A path is relative to them: `.temperature`, `.tools[0].functionDeclarations`. */
export function optionProblems(options: JsonObject, rules: OptionRules): readonly ValueProblem[] {
  return Object.entries(options).flatMap(([name, value]) => optionProblem(name, value, rules) ?? []);
}

/** The problems of the values alone, for a worker: the API has applied the pool's list. */
export function valueProblems(options: JsonObject, provider: string, kind: JobKind): readonly ValueProblem[] {
  const known = Object.keys(tableOf(provider)?.options ?? {});
  return optionProblems(options, { provider, kind, allowed: known });
}

/** Why a pool cannot allow an option, as the end of a sentence; undefined if it can. */
export function poolOptionProblem(name: string, provider: string): string | undefined {
  const table = tableOf(provider);
  if (table === undefined || ownOf(table.options, name) !== undefined) return undefined;
  const why = ownOf(table.never, name);
  if (why !== undefined) return `cannot be allowed: ${why}`;
  return `is not an option of ${provider}; it has ${Object.keys(table.options).join(', ')}`;
}

function optionProblem(name: string, value: JsonValue, rules: OptionRules): ValueProblem | undefined {
  const { provider, kind } = rules;
  const table = tableOf(provider);
  const path = `.${name}`;
  const why = table === undefined ? undefined : ownOf(table.never, name);
  if (why !== undefined) return { path, message: `cannot be set: ${why}` };
  const option = table === undefined ? undefined : ownOf(table.options, name);
  const names = allowedNames(rules);
  if (names !== undefined && (!names.includes(name) || (table !== undefined && option === undefined))) {
    const what = isOfKind(option, kind) ? 'is not allowed' : `is not supported by kind ${kind}`;
    return { path, message: `${what}; allowed: ${names.length === 0 ? 'none' : names.join(', ')}` };
  }
  return option === undefined ? undefined : valueProblem(value, option.form, path);
}

/** Undefined: all. Without those of the other kind. */
function allowedNames({ provider, kind, allowed }: OptionRules): readonly string[] | undefined {
  const table = tableOf(provider);
  return allowedOptions(provider, allowed)?.filter((name) => isOfKind(ownOf(table?.options ?? {}, name), kind));
}

const isOfKind = (option: ProviderOption | undefined, kind: JobKind): boolean => (option?.kind ?? kind) === kind;

/** The options that jobs may set in a pool with this list; undefined: all. */
export function allowedOptions(provider: string, listed: readonly string[] | undefined): readonly string[] | undefined {
  const table = tableOf(provider);
  if (listed !== undefined || table === undefined) return listed;
  return Object.keys(table.options).filter((name) => table.options[name]!.optIn !== true);
}

const tableOf = (provider: string): ProviderOptionTable | undefined => ownOf(tables, provider);

function ownOf<T>(all: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(all, name) ? all[name] : undefined;
}
