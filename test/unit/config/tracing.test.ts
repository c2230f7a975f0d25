// The settings of traces, by the variables of OpenTelemetry.

import { expect, test } from 'vitest';
import { loadSettings } from '../../../src/config/load.ts';
import { receiverOf } from '../../../src/config/tracingSettings.ts';

const tracing = (env: Record<string, string>) => loadSettings({ env }).tracing;

test.each([
  ['no receiver', {}, undefined],
  ['a receiver', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel:4318/' }, 'http://otel:4318/v1/traces'],
  [
    'a receiver of traces',
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel:4318', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://t.example/in' },
    'https://t.example/in',
  ],
  [
    'our own name of the variable',
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', GENWARDEN_OTEL_EXPORTER_OTLP_ENDPOINT: 'http://b' },
    'http://b/v1/traces',
  ],
  ['an SDK that is disabled', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', OTEL_SDK_DISABLED: 'true' }, undefined],
  ['no exporter', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', OTEL_TRACES_EXPORTER: 'none' }, undefined],
])('the address of the receiver: %s', (_name, env, receiver) => {
  expect(receiverOf(tracing(env as Record<string, string>))).toBe(receiver);
});

test('headers and attributes are pairs with percent-encoded values; those of traces win', () => {
  const { headers, resourceAttributes, samplerRatio, timeoutMs } = tracing({
    OTEL_EXPORTER_OTLP_HEADERS: 'a=1',
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'Authorization=Basic%20c2VjcmV0, x-scope = a=b',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,',
    OTEL_TRACES_SAMPLER_ARG: '0.25',
    OTEL_EXPORTER_OTLP_TIMEOUT: '3000',
  });
  expect(headers).toEqual({ Authorization: 'Basic c2VjcmV0', 'x-scope': 'a=b' });
  expect(resourceAttributes).toEqual({ 'deployment.environment.name': 'test' });
  expect({ samplerRatio, timeoutMs }).toEqual({ samplerRatio: 0.25, timeoutMs: 3_000 });
});

test.each([
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'OTEL_EXPORTER_OTLP_PROTOCOL=grpc: traces are sent by http/protobuf only'],
  [{ OTEL_EXPORTER_OTLP_HEADERS: 'top secret' }, 'OTEL_EXPORTER_OTLP_HEADERS (set, 10 characters): is not a list'],
  [{ OTEL_TRACES_SAMPLER: 'sometimes' }, 'OTEL_TRACES_SAMPLER=sometimes: is not one of the choices'],
  [{ OTEL_TRACES_SAMPLER_ARG: '2' }, 'OTEL_TRACES_SAMPLER_ARG=2: is not a number from 0 to 1'],
  [
    { GENWARDEN_TRACE_URL: 'https://traces.example/' },
    'GENWARDEN_TRACE_URL=https://traces.example/: is not a URL with',
  ],
])('%j is refused', (env, message) => {
  expect(() => tracing({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', ...env })).toThrow(message);
});

test('a protocol that others use does not matter while traces are off', () => {
  expect(receiverOf(tracing({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }))).toBeUndefined();
});
