// Finds the JSON document in a model's text. Models put it into Markdown fences, write prose around it, or send it twice; the
// document counts if the schema check passes and no other document in the text passes too.

import { isDeepStrictEqual } from 'node:util';
import type { AttemptFailed } from '../../job/errors/index.ts';
import { InexactJson, parseExactJson, type JsonFault } from '../../job/json/exact.ts';
import type { Generated } from '../../ports/provider.ts';
import type { JsonValue } from '../../job/task.ts';
import { failedAnswer, type AnswerFacts } from './failedAnswer.ts';
import { InvalidDocument } from './repair.ts';
import type { SchemaCheck } from './schema.ts';

/** How an answer's document is used. */
export interface DocumentAnswer extends AnswerFacts {
  readonly provenance: Generated['provenance'];
  /** The error of an answer that was cut off; undefined for one that was not. */
  readonly truncated: AttemptFailed | undefined;
}

/** The document of a structured answer. Throws `AttemptFailed`; an `InvalidDocument` if the model may repair it. */
export async function documentOf(text: string, answer: DocumentAnswer, check: SchemaCheck): Promise<Generated> {
  const { usage, provenance, truncated } = answer;
  const found = await documentIn(text, check);
  if (truncated !== undefined && !(found.kind === 'valid' && found.isWhole)) throw truncated;
  switch (found.kind) {
    case 'valid': {
      const about = found.isWhole ? provenance : { ...provenance, recovered: true };
      return { images: [], output: found.value, usage, provenance: about };
    }
    case 'inexact':
      throw inexactNumber(found.number, answer);
    case 'invalid':
      throw new InvalidDocument(text, found.problem, answer);
    case 'uncheckable':
      throw failedAnswer('SchemaUncheckable', `The answer could not be checked: input.schema ${found.problem}`, answer);
    default:
      return found satisfies never;
  }
}

type Document =
  /** `isWhole`: the text is the document and nothing else. */
  | { readonly kind: 'valid'; readonly value: JsonValue; readonly isWhole: boolean }
  | { readonly kind: 'invalid'; readonly problem: string }
  | { readonly kind: 'inexact'; readonly number: InexactJson }
  /** The schema cannot be checked. `problem` is the end of a sentence that starts with the schema. */
  | { readonly kind: 'uncheckable'; readonly problem: string };

/** An integer would come again; 1e999 is more often a slip of the model. */
function inexactNumber({ path, source }: InexactJson, answer: AnswerFacts): AttemptFailed {
  const place = path === '' ? 'The number' : `The number at ${path}`;
  const digits = source.length > 60 ? `${source.slice(0, 60)}…` : source;
  return failedAnswer('OutputInvalid', `${place} of the answer, ${digits}, cannot be kept exactly`, answer, {
    hint: 'Declare the field as a string in input.schema.',
    ...(/^-?\d+$/.test(source) ? { retryable: false } : {}),
  });
}

async function documentIn(text: string, check: SchemaCheck): Promise<Document> {
  let failure: Document = { kind: 'invalid', problem: notJson(text) };
  for (const [stage, find] of stages.entries()) {
    const judged: Judged[] = [];
    for (const piece of find(text)) {
      const one = await judge(piece, check);
      if (one.kind === 'uncheckable') return one;
      judged.push(one);
    }
    const values = judged.flatMap((one) => (one.kind === 'valid' ? [one.value] : []));
    const [value] = values;
    if (value !== undefined) {
      if (values.every((other) => isDeepStrictEqual(other, value)))
        return { kind: 'valid', value, isWhole: stage === 0 };
      return { kind: 'invalid', problem: 'it holds several documents that differ' };
    }
    const inexact = judged.find((one) => one.kind === 'inexact');
    if (inexact !== undefined) return inexact;
    failure = judged.find((one) => one.kind === 'invalid') ?? failure;
  }
  return failure;
}

/** From the strictest reading to the most lenient. */
const stages: readonly ((text: string) => readonly string[])[] = [(text) => [text], quoted, fenced, balanced];

/** The document is stored as JSON, which can hold these; -0 is stored as 0, which is equal. */
const harmless: readonly JsonFault[] = ['negativeZero', 'surrogate', 'prototype'];

type Judged = Document | { readonly kind: 'not-json' };

async function judge(piece: string, check: SchemaCheck): Promise<Judged> {
  let value: JsonValue;
  try {
    value = parseExactJson(piece, { accept: harmless });
  } catch (error) {
    if (!(error instanceof InexactJson)) return { kind: 'not-json' };
    return error.fault === 'number'
      ? { kind: 'inexact', number: error }
      : { kind: 'invalid', problem: `it is ambiguous or too deep: ${error.message}` };
  }
  const verdict = await check(value);
  switch (verdict.verdict) {
    case 'matches':
      return { kind: 'valid', value, isWhole: false };
    case 'differs':
      return { kind: 'invalid', problem: `it does not match the schema: ${verdict.problem}` };
    case 'uncheckable':
      return { kind: 'uncheckable', problem: verdict.problem };
    default:
      return verdict satisfies never;
  }
}

/** A JSON string that holds the document. */
function quoted(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? [value] : [];
  } catch {
    return [];
  }
}

/** How many pieces of a text are tried. */
const mostPieces = 50;

function fenced(text: string): string[] {
  const fences = text.matchAll(/```[ \t]*[\w-]*\r?\n([^]*?)(?:```|$)/g).take(mostPieces);
  return Array.from(fences, ([, content = '']) => content);
}

/** How many brackets that never close are skipped; each one costs a look at the rest of the text. */
const mostUnclosed = 8;

/** The objects and lists that stand side by side in the text. */
function balanced(text: string): string[] {
  const found: string[] = [];
  const bracket = /[[{]/g;
  let unclosed = 0;
  for (let start = bracket.exec(text); start !== null; start = bracket.exec(text)) {
    const end = closingOf(text, start.index);
    if (end === undefined) unclosed += 1;
    else found.push(text.slice(start.index, end));
    if (unclosed > mostUnclosed || found.length >= mostPieces) break;
    bracket.lastIndex = end ?? bracket.lastIndex;
  }
  return found;
}

/** The position after the bracket that closes the one at `start`. */
function closingOf(text: string, start: number): number | undefined {
  const tokens = /"[^"\\]*(?:\\[^][^"\\]*)*"|[[\]{}]/g;
  tokens.lastIndex = start;
  let depth = 0;
  for (let token = tokens.exec(text); token !== null; token = tokens.exec(text)) {
    if (token[0] === '{' || token[0] === '[') depth += 1;
    else if (token[0] === '}' || token[0] === ']') depth -= 1;
    if (depth === 0) return tokens.lastIndex;
  }
  return undefined;
}

const notJson = (text: string): string => `it is not JSON: it starts with ${JSON.stringify(text.slice(0, 60))}`;
