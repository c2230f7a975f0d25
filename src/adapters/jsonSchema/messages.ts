// What the process and its threads send each other. Schemas and values travel as JSON text, which is one copy.

import type { SchemaProblem } from '../../ports/schemaChecker.ts';

export interface Request {
  readonly schema: string;
  /** Absent: only the schema is checked. */
  readonly value?: string;
}

export type Answer =
  /** Problems of the schema. */
  | { readonly problems: readonly SchemaProblem[] }
  /** What is wrong with the value; undefined if nothing is, or without a value. */
  | { readonly problem: string | undefined };

/** A thread sends one when it is ready, without an answer, and one for each request. */
export interface Message {
  readonly answer?: Answer;
  /** What the thread has used so far, ms; undefined where Node.js cannot tell (before 23.9). */
  readonly cpuMs: number | undefined;
}

/** What is wrong with a value whose nesting exceeds the stack. */
export const tooDeep = '/ is nested too deeply to be checked';
