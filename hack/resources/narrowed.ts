// The rules by which a schema may change between releases, each for one keyword of OpenAPI or of Kubernetes.

import { isDeepStrictEqual } from 'node:util';
import type { Structural } from './structural.ts';

/** What `fresh` rejects or changes that `old` did not; without the fields below it. */
export const narrowed = (old: Structural, fresh: Structural): string[] => rules.flatMap((rule) => rule(old, fresh));

type Rule = (old: Structural, fresh: Structural) => string[];

const rules: readonly Rule[] = [
  typeChanged,
  newlyRequired,
  newDefault,
  enumNarrowed,
  ...['minimum', 'minLength', 'minItems', 'minProperties'].map(lowerBound),
  ...['maximum', 'maxLength', 'maxItems', 'maxProperties'].map(upperBound),
  ...['exclusiveMinimum', 'exclusiveMaximum', 'uniqueItems'].map(newlyTrue),
  ...['nullable', 'x-kubernetes-preserve-unknown-fields', 'x-kubernetes-int-or-string'].map(noLongerTrue),
  ...['pattern', 'format', 'allOf', 'not'].map(tightened),
  ...['oneOf', 'anyOf'].map(alternativeRemoved),
  ...['default', 'x-kubernetes-list-type', 'x-kubernetes-list-map-keys', 'x-kubernetes-map-type'].map(changed),
  newValidation,
];

function typeChanged({ type: old }: Structural, { type: fresh }: Structural): string[] {
  return old === fresh ? [] : [`the type changed: ${old ?? 'any'} to ${fresh ?? 'any'}`];
}

/** Also of a field that is new: manifests do not have it. */
function newlyRequired({ required: old = [] }: Structural, { required: fresh = [] }: Structural): string[] {
  return fresh.filter((field) => !old.includes(field)).map((field) => `${field} is now required`);
}

/** An operator refuses a spec with a field that it does not know, and during an upgrade the one of the release before still runs. */
function newDefault({ properties: old = {} }: Structural, { properties: fresh = {} }: Structural): string[] {
  return Object.entries(fresh)
    .filter(([name, field]) => !(name in old) && 'default' in field)
    .map(
      ([name]) =>
        `the new field ${name} has a default, which every resource gets and the operator before does not know`,
    );
}

function enumNarrowed({ enum: old }: Structural, { enum: fresh }: Structural): string[] {
  if (fresh === undefined) return [];
  if (old === undefined) return [`only ${fresh.join(', ')} are accepted now`];
  return old.filter((value) => !fresh.includes(value)).map((value) => `${value} is no longer accepted`);
}

function lowerBound(keyword: string): Rule {
  return bound(keyword, (old, fresh) => fresh > old);
}

function upperBound(keyword: string): Rule {
  return bound(keyword, (old, fresh) => fresh < old);
}

function bound(keyword: string, isTighter: (old: number, fresh: number) => boolean): Rule {
  return ({ [keyword]: old }, { [keyword]: fresh }) => {
    if (fresh === undefined || (old !== undefined && !isTighter(Number(old), Number(fresh)))) return [];
    return [`${keyword} is tighter: ${text(old)} to ${text(fresh)}`];
  };
}

function newlyTrue(keyword: string): Rule {
  return ({ [keyword]: old }, { [keyword]: fresh }) =>
    fresh === true && old !== true ? [`${keyword} is now true`] : [];
}

function noLongerTrue(keyword: string): Rule {
  return ({ [keyword]: old }, { [keyword]: fresh }) =>
    old === true && fresh !== true ? [`${keyword} is no longer true`] : [];
}

/** Whether a new one accepts everything that the old one did cannot be computed; without one, everything is accepted. */
function tightened(keyword: string): Rule {
  return ({ [keyword]: old }, { [keyword]: fresh }) =>
    fresh === undefined || isDeepStrictEqual(old, fresh) ? [] : [`${keyword} changed: ${text(old)} to ${text(fresh)}`];
}

function alternativeRemoved(keyword: string): Rule {
  return ({ [keyword]: old }, { [keyword]: fresh }) => {
    if (fresh === undefined) return [];
    const kept = fresh as readonly unknown[];
    const gone = (old as readonly unknown[] | undefined)?.filter(
      (each) => !kept.some((one) => isDeepStrictEqual(one, each)),
    );
    if (gone?.length === 0) return [];
    return [gone === undefined ? `${keyword} is new` : `${keyword} lacks ${gone.map(text).join(', ')}`];
  };
}

function changed(keyword: string): Rule {
  return ({ [keyword]: old }, { [keyword]: fresh }) =>
    isDeepStrictEqual(old, fresh) ? [] : [`${keyword} changed: ${text(old)} to ${text(fresh)}`];
}

function newValidation(
  { 'x-kubernetes-validations': old = [] }: Structural,
  { 'x-kubernetes-validations': fresh = [] }: Structural,
): string[] {
  return fresh
    .filter(({ rule }) => !old.some((each) => each.rule === rule))
    .map(({ message }) => `a validation is new or changed: ${message}`);
}

const text = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));
