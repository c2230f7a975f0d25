// Finds references that would never end, and those that multiply: a value is checked against every subschema that applies to it.

import type { SchemaProblem } from '../../ports/schemaChecker.ts';
import { pathText } from './place.ts';
import type { Subschema, Survey } from './survey.ts';

/** Subschemas that may apply to one value. */
const mostApplied = 10_000;

/** The first problem, if there is one. The survey must be without problems. */
export function expansionProblem({ subschemas }: Survey): SchemaProblem | undefined {
  const applied = new Map<string, number>();
  const way: Subschema[] = [];
  /** How many subschemas apply at a pointer; a problem if that has no end. */
  const countAt = (pointer: string): number | SchemaProblem => {
    const known = applied.get(pointer);
    if (known !== undefined) return known;
    const subschema = subschemas.get(pointer)!;
    if (way.includes(subschema)) return endless(way);
    way.push(subschema);
    let total = 1;
    for (const next of [...subschema.inPlace, ...(subschema.target === undefined ? [] : [subschema.target])]) {
      const count = countAt(next);
      if (typeof count !== 'number') return count;
      total += count;
    }
    way.pop();
    if (total > mostApplied) return tooMany(subschema);
    applied.set(pointer, total);
    return total;
  };
  for (const pointer of subschemas.keys()) {
    const count = countAt(pointer);
    if (typeof count !== 'number') return count;
  }
  return undefined;
}

function endless(way: readonly Subschema[]): SchemaProblem {
  const last = way.findLast(({ target }) => target !== undefined)!;
  return {
    path: pathText([...last.path, '$ref']),
    message: 'leads back to itself without a property or an item in between, so that a check would never end',
  };
}

const tooMany = ({ path }: Subschema): SchemaProblem => ({
  path: pathText(path),
  message: `multiplies to more than ${mostApplied} subschemas for one value`,
});
