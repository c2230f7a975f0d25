// Specs that are taken and specs that are refused, for everybody who has a say: the API's schemas, the structural
// schema, and a real API server.

/** Who sees that a spec is wrong; `rule`: only CEL does, `schema`: types, bounds and patterns do. */
type By = 'schema' | 'rule';

export interface Case {
  readonly what: string;
  readonly spec: unknown;
}

export interface BadCase extends Case {
  readonly by: By;
  /** What the API server's message must hold: the place, as it writes it. */
  readonly at: string;
  /** And a part of what it says. */
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
