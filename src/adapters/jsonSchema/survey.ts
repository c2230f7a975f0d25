// Visits every subschema of a client's schema, and collects what is wrong with it before anything is compiled.

import type { JsonObject, JsonValue } from '../../job/task.ts';
import type { SchemaProblem } from '../../ports/schemaChecker.ts';
import { dialectProblem } from './dialects.ts';
import { assertions, holders, isNames, isObject, refused, type Holder } from './keywords.ts';
import { Patterns } from './pattern/engine.ts';
import { PatternProblem } from './pattern/problem.ts';
import { pathText, pointerOf, type Path } from './place.ts';
import { References } from './references.ts';

export interface Subschema {
  readonly path: Path;
  readonly value: JsonObject | boolean;
  /** The pointers of those that apply to the same value. */
  readonly inPlace: string[];
  /** The pointer that its `$ref` leads to. */
  target?: string;
}

export interface Survey {
  readonly root: JsonObject;
  /** By pointer. */
  readonly subschemas: ReadonlyMap<string, Subschema>;
  readonly patterns: Patterns;
  readonly problems: readonly SchemaProblem[];
}

const mostSubschemas = 1_500;
const mostLevels = 100;
const mostProblems = 20;

export function survey(root: JsonObject): Survey {
  const visitor = new Visitor(root);
  visitor.visitAll();
  return visitor;
}

/** A subschema to visit. */
interface Open {
  readonly path: Path;
  readonly value: JsonValue;
  readonly base: string;
}

class Visitor implements Survey {
  readonly root: JsonObject;
  readonly subschemas = new Map<string, Subschema>();
  readonly patterns = new Patterns();
  readonly problems: SchemaProblem[] = [];
  readonly #references: References;
  readonly #open: Open[] = [];

  constructor(root: JsonObject) {
    this.root = root;
    this.#references = new References(root);
  }

  /** References are resolved last: they may lead to a place that no keyword leads to. */
  visitAll(): void {
    const base = this.#references.base;
    this.#open.push({ path: [], value: this.root, base });
    while (this.#visitOpen() && this.#resolve()) continue;
  }

  #visitOpen(): boolean {
    for (let next = this.#open.pop(); next !== undefined; next = this.#open.pop()) {
      if (this.problems.length >= mostProblems) return false;
      if (this.subschemas.size >= mostSubschemas) {
        this.#report([], `has more than ${mostSubschemas} subschemas`);
        return false;
      }
      this.#visit(next);
    }
    return true;
  }

  /** Whether there is more to visit. */
  #resolve(): boolean {
    for (const { from, path, text, base } of this.#references.takeUnresolved()) {
      const found = this.#references.resolve(text, base);
      if (typeof found === 'string') this.#report([...path, '$ref'], found);
      else {
        const target = pointerOf(found.path);
        this.subschemas.get(from)!.target = target;
        this.#add(found);
      }
    }
    return this.#open.length > 0;
  }

  #add(open: Open): void {
    if (!this.subschemas.has(pointerOf(open.path))) this.#open.push(open);
  }

  #visit({ path, value, base: outer }: Open): void {
    const pointer = pointerOf(path);
    if (this.subschemas.has(pointer)) return;
    if (typeof value !== 'boolean' && !isObject(value))
      return this.#report(path, 'must be a schema: an object, true or false');
    if (path.length > mostLevels) return this.#report([], `is more than ${mostLevels} levels deep`);
    const subschema: Subschema = { path, value, inPlace: [] };
    this.subschemas.set(pointer, subschema);
    if (typeof value === 'boolean') return undefined;
    const base = this.#references.enter(value, path, outer);
    if (typeof value['$ref'] === 'string') this.#references.add({ from: pointer, path, text: value['$ref'], base });
    for (const [keyword, held] of Object.entries(value)) this.#visitKeyword(subschema, keyword, held, base);
  }

  #visitKeyword(parent: Subschema, keyword: string, value: JsonValue, base: string): void {
    const path = [...parent.path, keyword];
    const problem = problemOf(keyword, value, parent.value as JsonObject);
    if (problem !== undefined) return this.#report(path, problem);
    if (keyword === 'pattern') this.#compile(path, value as string);
    if (keyword === 'patternProperties')
      for (const pattern of Object.keys(value as JsonObject)) this.#compile([...path, pattern], pattern);
    const holder = holders.get(keyword);
    if (holder === undefined) return undefined;
    for (const [steps, held] of heldBy(holder, value)) {
      const child = [...path, ...steps];
      if (holder.isInPlace === true) parent.inPlace.push(pointerOf(child));
      if (steps[0] === '__proto__') this.#report(child, 'is a name that is not supported');
      else this.#add({ path: child, value: held, base });
    }
  }

  #compile(path: Path, pattern: string): void {
    if (this.problems.length >= mostProblems) return;
    try {
      this.patterns.compile(pattern);
    } catch (error) {
      if (!(error instanceof PatternProblem)) throw error;
      this.#report(path, error.message);
    }
  }

  #report(path: Path, message: string): void {
    if (this.problems.length < mostProblems) this.problems.push({ path: pathText(path), message });
  }
}

function problemOf(keyword: string, value: JsonValue, siblings: JsonObject): string | undefined {
  if (keyword === '$schema') return dialectProblem(value);
  if (refused.has(keyword)) return refused.get(keyword);
  if (keyword === 'items' && Array.isArray(value) && 'prefixItems' in siblings)
    return 'must be a schema beside prefixItems';
  const holder = holders.get(keyword);
  return holder === undefined ? assertions.get(keyword)?.(value) : holdingProblem(holder, value);
}

function holdingProblem({ holding }: Holder, value: JsonValue): string | undefined {
  switch (holding) {
    case 'list':
      return Array.isArray(value) && value.length > 0 ? undefined : 'must be a list of at least one schema';
    case 'map':
    case 'map of schemas or names':
      return isObject(value) ? undefined : 'must be an object that maps names to schemas';
    case 'schema':
    case 'schema or list':
      // Visiting the subschemas finds what is wrong with them.
      return undefined;
    default:
      return holding satisfies never;
  }
}

/** The subschemas that a keyword holds, with the steps from the keyword. */
function heldBy({ holding }: Holder, value: JsonValue): readonly (readonly [Path, JsonValue])[] {
  if (holding !== 'schema' && Array.isArray(value)) return value.map((one, index) => [[index], one]);
  if (holding === 'map') return Object.entries(value as JsonObject).map(([name, one]) => [[name], one]);
  if (holding === 'map of schemas or names')
    return Object.entries(value as JsonObject).flatMap(([name, one]) => (isNames(one) ? [] : [[[name], one] as const]));
  return [[[], value]];
}
