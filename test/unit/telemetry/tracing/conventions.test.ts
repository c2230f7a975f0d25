// The names of attributes are those of OpenTelemetry's semantic conventions, or begin with `genwarden.`.

import * as stable from '@opentelemetry/semantic-conventions';
import * as incubating from '@opentelemetry/semantic-conventions/incubating';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { callsOf, providerNames } from '../../../../src/job/providers.ts';

const constants: Readonly<Record<string, unknown>> = { ...stable, ...incubating };
const known = Object.entries(constants).flatMap(([name, value]) =>
  typeof value === 'string' ? [[name, value] as const] : [],
);
const valuesOf = (prefix: string): Set<string> =>
  new Set(known.flatMap(([name, value]) => (name.startsWith(prefix) ? [value] : [])));
const attributes = valuesOf('ATTR_');

const sources = [
  'src/api/requestTrace.ts',
  'src/telemetry/tracing/callSpans.ts',
  'src/telemetry/tracing/openTelemetry.ts',
  'src/telemetry/tracing/taskSpans.ts',
  'src/webhooks/postInTrace.ts',
  'src/worker/callSpan.ts',
  'src/worker/report.ts',
  'src/controller/reconciler.ts',
];

test.each(sources)('the attributes of %s', (path) => {
  const source = readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
  const used = [...source.matchAll(/'([a-z_]+(?:\.[a-z_]+)+)'/g)].map(([, name]) => name!);
  expect(used).not.toEqual([]);
  expect(used.filter((name) => !name.startsWith('genwarden.') && !attributes.has(name))).toEqual([]);
});

test.each(providerNames)('%s has its name of the conventions', (provider) => {
  expect(valuesOf('GEN_AI_PROVIDER_NAME_')).toContain(callsOf(provider).system);
  expect(valuesOf('GEN_AI_OPERATION_NAME_')).toContain(callsOf(provider).operations.text);
});
