// The CRDs in the chart: up to date, bounded, and as other files expect them.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { definitionFiles } from '../../../../hack/custom-resources.ts';
import { definitions } from '../../../../hack/resources/definitions.ts';
import type { Structural } from '../../../../hack/resources/structural.ts';
import type { Case } from './cases.ts';
import { uncovered } from './coverage.ts';
import { goodJobs } from './jobCases.ts';
import { goodPools } from './poolCases.ts';

const folder = new URL('../../../../charts/genwarden/files/crds/', import.meta.url);

test('the CRDs in the chart are up to date (node hack/custom-resources.ts)', () => {
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  const there = names.map((name) => [name, readFileSync(new URL(name, folder), 'utf8')]);
  expect(Object.fromEntries(there)).toEqual(Object.fromEntries(definitionFiles()));
});

test('a written CRD reads back unchanged', () => {
  expect([...definitionFiles().values()].map((text) => parse(text) as unknown)).toEqual(definitions());
});

test('no CRD contains Helm template syntax', () => {
  for (const text of definitionFiles().values()) expect(text).not.toMatch(/\{\{|\}\}/);
});

describe.each(definitions().map((definition) => [definition.spec.names.kind, definition] as const))(
  '%s',
  (_, definition) => {
    const schema = definition.spec.versions[0]!.schema.openAPIV3Schema;
    const places = [...placesOf(schema, '')];

    test('every list and text is bounded, so that CEL rules stay cheap', () => {
      const unbounded = places.filter(([path, each]) => path !== '.apiVersion' && path !== '.kind' && !isBounded(each));
      expect(unbounded.map(([path]) => path)).toEqual([]);
    });

    test('every field of spec and status has a description', () => {
      const silent = places.filter(
        ([path, { description }]) => /^\.(spec|status)/.test(path) && !path.endsWith(']') && description === undefined,
      );
      expect(silent.map(([path]) => path)).toEqual([]);
    });

    test('is a structural schema', () => {
      const keywords = new Set(places.flatMap(([, each]) => Object.keys(each)));
      expect([...keywords].filter((keyword) => !allowed.has(keyword))).toEqual([]);
      expect(
        places.filter(([, { anyOf, ...each }]) => anyOf !== undefined && each['x-kubernetes-int-or-string'] !== true),
      ).toEqual([]);
    });

    test('rules name only fields that CEL sees: those with a type', () => {
      const unseen = places.flatMap(([path, { properties = {}, 'x-kubernetes-validations': rules = [] }]) =>
        rules.flatMap(({ rule }) =>
          [...rule.matchAll(/\bself\.(\w+)\b(?!\()/g)].flatMap(([, field]) =>
            isSeen(properties[field!]) ? [] : [`${path}.${field}: ${rule}`],
          ),
        ),
      );
      expect(unseen).toEqual([]);
    });

    test('alternatives only name required fields', () => {
      for (const [, { oneOf }] of places)
        for (const alternative of (oneOf ?? []) as object[]) expect(Object.keys(alternative)).toEqual(['required']);
    });

    test('patterns are valid in Go: no look-around, no back references', () => {
      const patterns = places.flatMap(([, { pattern }]) => (pattern === undefined ? [] : [pattern]));
      expect(patterns.filter((pattern) => /\(\?[=!<]|\\[1-9]|\\u/.test(pattern))).toEqual([]);
      expect(patterns.length).toBeGreaterThan(0);
    });

    test('fits into the annotation of client-side apply', () => {
      // All annotations of an object may take 262,144 bytes; the schema must stay far below.
      expect(Buffer.byteLength(JSON.stringify(definition))).toBeLessThan(100_000);
    });
  },
);

describe('of several versions', () => {
  const [first] = definitions();
  const both = definitions([
    { name: 'v1alpha1', served: true, storage: false, replacedBy: 'v1beta1' },
    { name: 'v1beta1', served: true, storage: true },
  ]);

  test('each kind serves both with one schema, its rules, columns and subresources', () => {
    expect(both).toHaveLength(3);
    for (const [index, { spec }] of both.entries()) {
      const today = definitions()[index]!.spec.versions[0]!;
      expect(spec.versions).toHaveLength(2);
      for (const { schema, additionalPrinterColumns, subresources } of spec.versions)
        expect({ schema, additionalPrinterColumns, subresources }).toEqual({
          schema: today.schema,
          additionalPrinterColumns: today.additionalPrinterColumns,
          subresources: today.subresources,
        });
    }
  });

  test('one is stored, and the deprecated one names what replaces it', () => {
    const [job] = both;
    expect(
      job!.spec.versions.map(({ schema: _, additionalPrinterColumns: __, subresources: ___, ...flags }) => flags),
    ).toEqual([
      {
        name: 'v1alpha1',
        served: true,
        storage: false,
        deprecated: true,
        deprecationWarning:
          'genwarden.dev/v1alpha1 GenerationJob is deprecated; use genwarden.dev/v1beta1 GenerationJob',
      },
      { name: 'v1beta1', served: true, storage: true },
    ]);
    expect(first!.spec.versions[0]).not.toHaveProperty('deprecated');
  });

  test('no webhook converts: the API server needs none of our processes to read an object', () => {
    for (const { spec } of both) expect(spec).not.toHaveProperty('conversion');
  });
});

test('every field of a spec has an example, with which a cluster test goes from one version to the next', () => {
  const [jobs, pools] = definitions().map(({ spec }) => spec.versions[0]!.schema.openAPIV3Schema.properties!['spec']!);
  const specs = (cases: readonly Case[]): unknown[] => cases.map(({ spec }) => spec);
  expect([...uncovered(jobs!, specs(goodJobs), 'GenerationJob')]).toEqual([]);
  expect([...uncovered(pools!, specs(goodPools), 'WorkerPool')]).toEqual([]);
});

const isSeen = (field: Structural | undefined): boolean =>
  field?.type !== undefined || field?.['x-kubernetes-int-or-string'] === true;

const allowed = new Set(
  (
    'type description properties additionalProperties items required default enum format nullable anyOf oneOf minimum exclusiveMinimum maximum ' +
    'minLength maxLength minItems maxItems minProperties maxProperties pattern x-kubernetes-validations x-kubernetes-list-type ' +
    'x-kubernetes-list-map-keys x-kubernetes-preserve-unknown-fields x-kubernetes-int-or-string'
  ).split(' '),
);

function isBounded(schema: Structural): boolean {
  if (schema.type === 'array') return schema['maxItems'] !== undefined;
  if (schema.type === 'integer') return schema['minimum'] !== undefined && schema['maximum'] !== undefined;
  if (schema.additionalProperties !== undefined) return schema['maxProperties'] !== undefined;
  if (schema.type !== 'string') return true;
  return schema['maxLength'] !== undefined || schema['enum'] !== undefined || schema['format'] === 'date-time';
}

function* placesOf(schema: Structural, path: string): Generator<[string, Structural]> {
  yield [path, schema];
  for (const [name, each] of Object.entries(schema.properties ?? {})) yield* placesOf(each, `${path}.${name}`);
  if (schema.items !== undefined) yield* placesOf(schema.items, `${path}[]`);
  if (schema.additionalProperties !== undefined) yield* placesOf(schema.additionalProperties, `${path}[*]`);
}
