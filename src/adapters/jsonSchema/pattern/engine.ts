// Compiles patterns for RE2, an engine whose time grows only with the length of the text.

import { RE2JS } from 're2js';
import { PatternProblem } from './problem.ts';
import { translatePattern } from './translate.ts';

/** Characters. */
const longest = 4_096;

/** Instructions of one schema's patterns together; `.{1,1000}` has about 2,000. They bound the memory and the time per character. */
const mostInstructions = 10_000;

export interface CompiledPattern {
  test(text: string): boolean;
}

/** The patterns of one schema, each compiled once. */
export class Patterns {
  readonly #compiled = new Map<string, CompiledPattern>();
  #instructions = 0;

  /** Throws `PatternProblem`, whose message is the end of a sentence that starts with the pattern's place. */
  compile(pattern: string): CompiledPattern {
    const known = this.#compiled.get(pattern);
    if (known !== undefined) return known;
    if (pattern.length > longest) throw new PatternProblem(`is longer than ${longest} characters`);
    const compiled = compile(translatePattern(pattern));
    this.#instructions += compiled.programSize();
    if (this.#instructions > mostInstructions) {
      throw new PatternProblem(
        'makes the patterns of the schema too large together; use fewer, or lower counts in {n,m}',
      );
    }
    this.#compiled.set(pattern, compiled);
    return compiled;
  }
}

function compile(text: string): RE2JS {
  try {
    return RE2JS.compile(text);
  } catch (error) {
    // Without the engine's quotation, which shows the translated pattern.
    const why = (error as Error).message.replace('error parsing regexp: ', '').replace(/: `[^]*$/, '');
    if (why.startsWith('invalid repeat count') || why.startsWith('expression nests too deeply')) {
      throw new PatternProblem('is too large: its repetitions multiply to more than 1000, or it nests too deeply');
    }
    throw new PatternProblem(`is not a pattern: ${why.slice(0, 120)}`);
  }
}
