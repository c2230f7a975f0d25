// How the informers fare: each reports what keeps it from reading its objects, and readiness asks.

export interface Sources {
  /** `problem` is a sentence for a person; undefined once the source reads again. */
  report(source: string, problem: string | undefined): void;
  /** One sentence a source that cannot be read, in the order of their names. */
  problems(): readonly string[];
  /** Forgets a source that has ended. */
  forget(source: string): void;
}

export function createSources(): Sources {
  const problems = new Map<string, string>();
  return {
    report: (source, problem) => {
      if (problem === undefined) problems.delete(source);
      else problems.set(source, problem);
    },
    problems: () => [...problems].sort(([one], [two]) => (one < two ? -1 : 1)).map(([, problem]) => problem),
    forget: (source) => void problems.delete(source),
  };
}
