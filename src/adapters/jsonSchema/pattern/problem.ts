// Why a regular expression cannot be used.

export class PatternProblem extends Error {
  override readonly name = 'PatternProblem';
}

/** For a construct that no engine without backtracking has. */
export const unsupported = (what: string): PatternProblem =>
  new PatternProblem(`${what} is not supported: patterns run in linear time (RE2 syntax)`);
