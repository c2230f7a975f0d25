// One setting: a zod schema from text to value, and its names, description and default in a registry.

import { z } from 'zod';

/** The commands that can use a setting; `client` means every command that calls the API. */
export type Command = 'api' | 'worker' | 'controller' | 'operator' | 'dev' | 'client';

interface SettingMeta {
  /** The variable without its prefix `GENWARDEN_`. The flag derives from it: `HTTP_PORT` becomes `--http-port`. */
  readonly name: string;
  readonly description: string;
  readonly usedBy: readonly Command[];
  /** The name of the flag's value in `--help`, such as `port` or `duration`. */
  readonly placeholder: string;
  /** The syntax and bounds of the value, for error messages and the docs. */
  readonly allowed: string;
  /** The default as text. Absent: no default, or one that the description explains. */
  readonly default?: string;
  /** Never printed; set by the variable, or by a file given with a `_FILE` variable or a `--…-file` flag. */
  readonly secret?: boolean;
  /** Spaces and line breaks around the text are dropped, but no other invisible characters. */
  readonly onlyAsciiTrimmed?: boolean;
  /** Other variables for the same setting, without the `GENWARDEN_` prefix. All other sources override them. */
  readonly aliases?: readonly string[];
}

const registered = z.registry<SettingMeta>();

/** The text form of a value: a schema that parses a string, and a description of what it allows. */
export interface TextForm<T> {
  readonly schema: z.ZodType<T, string>;
  readonly allowed: string;
  readonly placeholder: string;
}

type About = Omit<SettingMeta, 'allowed' | 'placeholder' | 'default'>;

/** A setting without a default. */
export function optional<T>(form: TextForm<T>, about: About): z.ZodOptional<z.ZodType<T, string>> {
  return register(form.schema.optional(), form, about);
}

/** A list that is empty by default. */
export function optionalList<T>(form: TextForm<T[]>, about: About): z.ZodDefault<z.ZodType<T[], string>> {
  return register(form.schema.default([]), form, about);
}

/** A setting with a default, given as text and parsed like any other value. */
export function withDefault<T>(form: TextForm<T>, text: string, about: About): z.ZodPrefault<z.ZodType<T, string>> {
  return register(form.schema.prefault(text), form, { ...about, default: text });
}

function register<S extends z.ZodType>(
  schema: S,
  form: TextForm<unknown>,
  about: Omit<SettingMeta, 'allowed' | 'placeholder'>,
): S {
  registered.add(schema, { ...about, allowed: form.allowed, placeholder: form.placeholder });
  return schema;
}

/** One setting of the schema, with all its names. */
export interface SettingDefinition extends SettingMeta {
  /** The path of the value in the settings object, such as `['http', 'port']`. */
  readonly path: readonly string[];
  /** `GENWARDEN_HTTP_PORT`. */
  readonly variable: string;
  /** `GENWARDEN_TOKEN_FILE`; secrets only. */
  readonly fileVariable?: string;
  /** `--http-port`, or `--token-file` for a secret. */
  readonly flag: string;
  /** Commander's attribute name of the flag: `httpPort`. */
  readonly flagAttribute: string;
}

/** Where a setting's value came from; `name` is the flag or variable. */
export type Source =
  | { readonly kind: 'default' | 'unset' }
  | { readonly kind: 'flag' | 'variable'; readonly name: string }
  | { readonly kind: 'file'; readonly name: string; readonly path: string };

/** A setting with its text, before validation. */
export interface ResolvedSetting {
  readonly definition: SettingDefinition;
  readonly text: string | undefined;
  readonly source: Source;
  /** Why the setting's file could not be read. */
  readonly problem?: string;
}

/** Every setting of a schema, in order; nested objects are flattened. */
export function definitionsOf(schema: z.ZodObject, parent: readonly string[] = []): SettingDefinition[] {
  return Object.entries(schema.shape).flatMap(([key, child]) => {
    const path = [...parent, key];
    if (child instanceof z.ZodObject) return definitionsOf(child, path);
    const meta = registered.get(child as z.ZodType);
    if (meta === undefined) throw new TypeError(`setting ${path.join('.')} is not registered`);
    return [define(meta, path)];
  });
}

function define(meta: SettingMeta, path: readonly string[]): SettingDefinition {
  const flagName = `${meta.name}${meta.secret === true ? '_FILE' : ''}`.toLowerCase().replaceAll('_', '-');
  return {
    ...meta,
    path,
    variable: `GENWARDEN_${meta.name}`,
    ...(meta.secret === true ? { fileVariable: `GENWARDEN_${meta.name}_FILE` } : {}),
    flag: `--${flagName}`,
    flagAttribute: flagName.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
  };
}
