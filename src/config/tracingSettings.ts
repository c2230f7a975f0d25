// The settings of traces. They are OpenTelemetry's own variables
// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/); a `GENWARDEN_` prefix overrides them.

import { z } from 'zod';
import { checked, integer, oneOf, text, url } from './forms.ts';
import { optional, withDefault, type Command, type TextForm } from './setting.ts';

const usedBy: readonly Command[] = ['api', 'worker', 'controller', 'operator', 'dev'];
const serving: readonly Command[] = ['api', 'dev'];

/** Pairs such as `key=value,other=value`, whose values are percent-encoded. */
function readPairs(value: string): Record<string, string> | undefined {
  const entries = value.split(',').filter((entry) => entry.trim() !== '');
  const pairs = entries.map((entry) => /^\s*([^=\s]+)\s*=(.*)$/.exec(entry));
  try {
    return Object.fromEntries(pairs.map((pair) => [pair![1]!, decodeURIComponent(pair![2]!.trim())]));
  } catch {
    return undefined;
  }
}

const pairs: TextForm<Record<string, string>> = {
  schema: z.string().transform((value, context) => {
    const read = readPairs(value);
    if (read !== undefined) return read;
    context.addIssue({ code: 'custom', message: 'is not a list of pairs' });
    return z.NEVER;
  }),
  allowed: 'pairs such as `key=value,other=value`, with percent-encoded values',
  placeholder: 'pairs',
};

const ratio: TextForm<number> = {
  schema: z.string().transform((value, context) => {
    const number = Number(value);
    if (number >= 0 && number <= 1) return number;
    context.addIssue({ code: 'custom', message: 'is not a number from 0 to 1' });
    return z.NEVER;
  }),
  allowed: 'a number from 0 to 1',
  placeholder: 'number',
};

const traceTemplate = checked(
  (value) => value.includes('{traceId}') && URL.canParse(value) && /^https?:/.test(value),
  'is not a URL with {traceId}',
  'a URL with {traceId}',
  'url',
);

export const tracingSettings = z.object({
  endpoint: optional(url('http:', 'https:'), {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    description: 'Receiver of traces by OTLP over HTTP, to which `/v1/traces` is added (unset: traces are off)',
    usedBy,
    aliases: ['OTEL_EXPORTER_OTLP_ENDPOINT'],
  }),
  tracesEndpoint: optional(url('http:', 'https:'), {
    name: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    description: 'Complete address of the receiver of traces; overrides `OTEL_EXPORTER_OTLP_ENDPOINT`',
    usedBy,
    aliases: ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'],
  }),
  headers: optional(pairs, {
    name: 'OTEL_EXPORTER_OTLP_HEADERS',
    description: 'Headers of the requests to the receiver, such as its token: pairs such as `key=value,other=value`',
    usedBy,
    secret: true,
    aliases: ['OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'OTEL_EXPORTER_OTLP_HEADERS'],
  }),
  timeoutMs: withDefault(integer(1, 600_000), '10000', {
    name: 'OTEL_EXPORTER_OTLP_TIMEOUT',
    description: 'How long the receiver may take to answer, in milliseconds',
    usedBy,
    aliases: ['OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', 'OTEL_EXPORTER_OTLP_TIMEOUT'],
  }),
  protocol: withDefault(text('protocol'), 'http/protobuf', {
    name: 'OTEL_EXPORTER_OTLP_PROTOCOL',
    description: 'Protocol of the receiver; only `http/protobuf` is supported',
    usedBy,
    aliases: ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'],
  }),
  exporter: withDefault(oneOf('otlp', 'none'), 'otlp', {
    name: 'OTEL_TRACES_EXPORTER',
    description: '`none` turns traces off although there is a receiver',
    usedBy,
    aliases: ['OTEL_TRACES_EXPORTER'],
  }),
  disabled: withDefault(oneOf('false', 'true'), 'false', {
    name: 'OTEL_SDK_DISABLED',
    description: '`true` turns traces off although there is a receiver',
    usedBy,
    aliases: ['OTEL_SDK_DISABLED'],
  }),
  serviceName: optional(text('name'), {
    name: 'OTEL_SERVICE_NAME',
    description: 'Name of the service in traces (unset: `genwarden-api`, `genwarden-worker` and so on)',
    usedBy,
    aliases: ['OTEL_SERVICE_NAME'],
  }),
  resourceAttributes: optional(pairs, {
    name: 'OTEL_RESOURCE_ATTRIBUTES',
    description: 'Attributes of the process in traces',
    usedBy,
    aliases: ['OTEL_RESOURCE_ATTRIBUTES'],
  }),
  sampler: withDefault(
    oneOf(
      'always_on',
      'always_off',
      'traceidratio',
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
    ),
    'parentbased_always_on',
    {
      name: 'OTEL_TRACES_SAMPLER',
      description: 'Which traces are recorded; `parentbased_` follows the decision of the caller if there is one',
      usedBy,
      aliases: ['OTEL_TRACES_SAMPLER'],
    },
  ),
  samplerRatio: withDefault(ratio, '1', {
    name: 'OTEL_TRACES_SAMPLER_ARG',
    description: 'Share of the traces that the `traceidratio` samplers record',
    usedBy,
    aliases: ['OTEL_TRACES_SAMPLER_ARG'],
  }),
  scheduleDelayMs: withDefault(integer(1, 600_000), '5000', {
    name: 'OTEL_BSP_SCHEDULE_DELAY',
    description: 'Time between two batches of spans, in milliseconds',
    usedBy,
    aliases: ['OTEL_BSP_SCHEDULE_DELAY'],
  }),
  maxQueueSize: withDefault(integer(1, 1_000_000), '2048', {
    name: 'OTEL_BSP_MAX_QUEUE_SIZE',
    description: 'Most spans that wait for the receiver; more are dropped',
    usedBy,
    aliases: ['OTEL_BSP_MAX_QUEUE_SIZE'],
  }),
  traceUrl: optional(traceTemplate, {
    name: 'TRACE_URL',
    description: 'Address of a trace in your tracing system, for links from jobs',
    usedBy: serving,
  }),
});

export type TracingSettings = z.infer<typeof tracingSettings>;

/** The complete address of the receiver; undefined if traces are off. */
export function receiverOf({ endpoint, tracesEndpoint, exporter, disabled }: TracingSettings): string | undefined {
  if (disabled === 'true' || exporter === 'none') return undefined;
  return tracesEndpoint ?? (endpoint === undefined ? undefined : `${endpoint}/v1/traces`);
}
