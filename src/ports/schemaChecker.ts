// Checks the JSON Schemas of clients, and answers against them, off the event loop and within bounds of time and memory.

import type { JsonObject, JsonValue } from '../job/task.ts';

export interface SchemaProblem {
  /** The place in the schema, to append to the schema's own: `.properties.a.pattern`, or empty for the schema itself. */
  readonly path: string;
  /** The end of a sentence that starts with the place. */
  readonly message: string;
}

export type SchemaVerdict =
  | { readonly verdict: 'matches' }
  /** `problem` is for a person and for the model. */
  | { readonly verdict: 'differs'; readonly problem: string }
  /** The schema cannot be checked at all, or not within the bounds. Another attempt would end in the same way. */
  | { readonly verdict: 'uncheckable'; readonly problem: string };

/** Both methods reject only if the checker is closed or fails itself. */
export interface SchemaChecker {
  /** Why the schema cannot be used; empty if it can. Checks of different owners take turns. */
  problems(schema: JsonObject, owner?: string): Promise<readonly SchemaProblem[]>;
  /** Whether `value` matches. Each schema takes its turn. */
  check(schema: JsonObject, value: JsonValue): Promise<SchemaVerdict>;
}
