// What the catalogue says of one error code.

export interface CatalogueEntry {
  /** One line for a person: what the code means. */
  readonly title: string;
  /** May the same attempt succeed if it is tried again without a change? */
  readonly retryable: boolean;
  /** What the reader can do about it. */
  readonly hint: string;
  /** The HTTP status of a problem document with this code, where it can be one. */
  readonly status?: number;
}

export const define = <Code extends string>(
  entries: Record<Code, CatalogueEntry>,
): Readonly<Record<Code, CatalogueEntry>> => entries;

export const again = { retryable: true } as const;
export const final = { retryable: false } as const;
