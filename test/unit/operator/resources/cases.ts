// Valid and invalid specs, to test every validator: the API's schemas, the structural schema, and a real API server.

/** What detects the problem: a CEL rule, or the types, bounds and patterns of the schema. */
type By = 'schema' | 'rule';

export interface Case {
  readonly what: string;
  readonly spec: unknown;
}

export interface BadCase extends Case {
  readonly by: By;
  /** The path that the message of the API server must contain. */
  readonly at: string;
  /** A part of the message. */
  readonly says: RegExp;
}

export const good = (what: string, spec: unknown): Case => ({ what, spec });
export const bad = (what: string, by: By, at: string, says: RegExp, spec: unknown): BadCase => ({
  what,
  by,
  at,
  says,
  spec,
});
