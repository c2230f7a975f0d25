// Examples of bodies and answers, by operation. A test validates each against its schema.

interface Example {
  readonly summary: string;
  readonly value: unknown;
}

type Examples = Readonly<Record<string, Example>>;

/** By `operationId`, then `body` or the status of the answer. */
export const examples: Readonly<Record<string, Readonly<Record<number | 'body', Examples | undefined>>>> = {};
