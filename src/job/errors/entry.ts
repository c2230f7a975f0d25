// One entry of the error catalogue.

export interface CatalogueEntry {
  /** What happened, in one line and without a full stop. */
  readonly title: string;
  /** Whether the same request can succeed later without a change. */
  readonly retryable: boolean;
  /** What to do, as full sentences. */
  readonly hint: string;
  /** The HTTP status, for codes that the API answers with. */
  readonly status?: number;
}

export const define = <Code extends string>(
  entries: Record<Code, CatalogueEntry>,
): Readonly<Record<Code, CatalogueEntry>> => entries;

export const again = { retryable: true } as const;
export const final = { retryable: false } as const;
