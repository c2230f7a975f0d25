// A JSON file that a setting names and that is read again when it changes, such as the tokens file. While its newest version
// cannot be used, the last good one stays in use.

import { unwatchFile, watchFile } from 'node:fs';
import type { z } from 'zod';
import { fileFault, parseExactJson } from '../job/json/exact.ts';
import { GenwardenError } from '../job/errors/index.ts';
import type { Instant } from '../job/time.ts';
import { readTextFile } from './textFile.ts';

export interface NamedFile {
  /** The setting that names it, such as `GENWARDEN_AUTH_TOKENS_FILE`. */
  readonly setting: string;
  readonly path: string;
}

export interface FileFailure {
  /** It names the file. */
  readonly message: string;
  /** By this machine's clock. */
  readonly since: Instant;
}

export interface ReloadedFile<T> {
  /** What the last good version holds. */
  current(): T;
  /** Why the file's present version cannot be used; undefined if it can. */
  failure(): FileFailure | undefined;
  close(): void;
}

export interface ReloadOptions<T> {
  /** Called with what each new version holds. */
  readonly onReload: (value: T) => void;
  readonly onFailure: (error: unknown) => void;
  /** How often the file is looked at, ms; default 1 s. */
  readonly everyMs?: number | undefined;
}

/** Throws `InvalidConfiguration` if the file cannot be used at the start. `parse` throws for text that cannot be used. */
export function reloadedFile<T>(
  file: NamedFile,
  parse: (text: string) => T,
  { onReload, onFailure, everyMs = 1_000 }: ReloadOptions<T>,
): ReloadedFile<T> {
  let value = parse(textOf(file));
  let failure: FileFailure | undefined;
  const reload = (): void => {
    try {
      value = parse(textOf(file));
      failure = undefined;
      onReload(value);
    } catch (error) {
      failure = { message: (error as Error).message, since: failure?.since ?? Date.now() };
      onFailure(error);
    }
  };
  // Polls, because a mounted Secret changes through a symbolic link, which file events miss.
  watchFile(file.path, { interval: everyMs, persistent: false }, reload);
  return { current: () => value, failure: () => failure, close: () => unwatchFile(file.path, reload) };
}

/** Throws `InvalidConfiguration` with every problem, and never with a part of the text, which may be a secret. */
export function parseFile<T>(schema: z.ZodType<T>, text: string, file: NamedFile): T {
  let json: unknown;
  try {
    json = parseExactJson(text);
  } catch (error) {
    throw unusable(file, fileFault(error));
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`);
  throw unusable(file, problems.join('; '));
}

function textOf(file: NamedFile): string {
  try {
    return readTextFile(file.path);
  } catch (error) {
    throw unusable(file, `cannot be read (${(error as Error).message})`, error);
  }
}

const unusable = ({ setting, path }: NamedFile, problem: string, cause?: unknown): GenwardenError =>
  new GenwardenError('InvalidConfiguration', `${setting}=${path}: ${problem}`, { cause });
