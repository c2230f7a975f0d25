// The CustomResourceDefinitions in the chart: as the generator makes them, bounded, and as other files expect them.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { definitionFiles } from '../../../../hack/custom-resources.ts';
import { definitions } from '../../../../hack/resources/definitions.ts';
import type { Structural } from '../../../../hack/resources/structural.ts';

const folder = new URL('../../../../charts/genwarden/files/crds/', import.meta.url);

test('the chart holds what `node hack/custom-resources.ts` writes, and nothing else', () => {
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  const there = names.map((name) => [name, readFileSync(new URL(name, folder), 'utf8')]);
  expect(Object.fromEntries(there)).toEqual(Object.fromEntries(definitionFiles()));
});

test('what is written reads back as it was', () => {
  expect([...definitionFiles().values()].map((text) => parse(text) as unknown)).toEqual(definitions());
});

test('no part of it looks like a template to Helm', () => {
  for (const text of definitionFiles().values()) expect(text).not.toMatch(/\{\{|\}\}/);
});

describe.each(definitions().map((definition) => [definition.spec.names.kind, definition] as const))(
  '%s',
  (_, definition) => {
    const schema = definition.spec.versions[0]!.schema.openAPIV3Schema;
    const places = [...placesOf(schema, '')];

    test('everything is bounded, so that rules stay cheap', () => {
      const unbounded = places.filter(([path, each]) => path !== '.apiVersion' && path !== '.kind' && !isBounded(each));
      expect(unbounded.map(([path]) => path)).toEqual([]);
    });

    test('every field of spec and status says what it means', () => {
      const silent = places.filter(
        ([path, { description }]) => /^\.(spec|status)/.test(path) && !path.endsWith(']') && description === undefined,
      );
      expect(silent.map(([path]) => path)).toEqual([]);
    });

    test('holds nothing that a structural schema must not', () => {
      const keywords = new Set(places.flatMap(([, each]) => Object.keys(each)));
      expect([...keywords].filter((keyword) => !allowed.has(keyword))).toEqual([]);
      expect(
        places.filter(([, { anyOf, ...each }]) => anyOf !== undefined && each['x-kubernetes-int-or-string'] !== true),
      ).toEqual([]);
    });

    test('patterns are regular expressions of Go: no look-around, no back references', () => {
      const patterns = places.flatMap(([, { pattern }]) => (pattern === undefined ? [] : [pattern]));
      expect(patterns.filter((pattern) => /\(\?[=!<]|\\[1-9]|\\u/.test(pattern))).toEqual([]);
      expect(patterns.length).toBeGreaterThan(0);
    });

    test('kubectl can keep it in the annotation of client-side apply', () => {
      // 262,144 bytes are what all annotations of an object may take; the schema is to stay far from it.
      expect(Buffer.byteLength(JSON.stringify(definition))).toBeLessThan(100_000);
    });
  },
);

const allowed = new Set(
  (
    'type description properties additionalProperties items required default enum format nullable anyOf minimum maximum ' +
    'minLength maxLength minItems maxItems maxProperties pattern x-kubernetes-validations x-kubernetes-list-type ' +
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
