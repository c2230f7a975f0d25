// The problems that make a leading operator unready: informers and controllers report theirs, the readiness probe lists them.

export interface Problems {
  /** `problem` is a sentence for humans; undefined once the problem is solved or its source has ended. */
  report(source: string, problem: string | undefined): void;
  /** One sentence for each source that has a problem, in the order of their names. */
  list(): readonly string[];
}

export function createProblems(): Problems {
  const problems = new Map<string, string>();
  return {
    report: (source, problem) => {
      if (problem === undefined) problems.delete(source);
      else problems.set(source, problem);
    },
    list: () => [...problems].sort(([one], [two]) => (one < two ? -1 : 1)).map(([, problem]) => problem),
  };
}
