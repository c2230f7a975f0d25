// A real OpenTelemetry Collector for one test, and receivers of traces that fail.

import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from './freePorts.ts';
import { startProcess } from './process.ts';
import { tempFolder } from './tempFolder.ts';

const installer = fileURLToPath(new URL('../../hack/install-otel-collector.sh', import.meta.url));

/** A span as the collector has received it. */
export interface ReceivedSpan {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  /** Unix time, ms. */
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly spanId: string; readonly relation: unknown }[];
  readonly failed: boolean;
}

export interface OtelCollector extends AsyncDisposable {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  /** All spans received so far. */
  spans(): Promise<ReceivedSpan[]>;
  /** Everything received, as the collector has written it. */
  text(): Promise<string>;
}

/** Builds the collector if this machine has none yet. */
export async function startOtelCollector(): Promise<OtelCollector> {
  const { stdout } = await promisify(execFile)(installer);
  const [, program] = /: (\/.*)\n$/.exec(stdout) ?? [];
  await using owned = new AsyncDisposableStack();
  const folder = owned.use(await tempFolder('otel'));
  const path = join(folder.path, 'spans.jsonl');
  const port = await freePort();
  const config = join(folder.path, 'config.yaml');
  await writeFile(config, JSON.stringify(configuration(port, path)));
  const options = { readyWhen: /Everything is ready/, timeoutMs: 60_000, outlivesTest: true };
  const started = await startProcess(program!, ['--config', config], options);
  owned.defer(() => started.stop());
  const text = (): Promise<string> => readFile(path, 'utf8');
  const owner = owned.move();
  return {
    url: `http://127.0.0.1:${port}`,
    text,
    spans: async () => (await text()).split('\n').flatMap(spansIn),
    [Symbol.asyncDispose]: () => owner.disposeAsync(),
  };
}

/** JSON, which is YAML too. */
const configuration = (port: number, path: string): object => ({
  receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
  exporters: { lines: { path } },
  service: {
    telemetry: { metrics: { level: 'none' } },
    pipelines: { traces: { receivers: ['otlp'], exporters: ['lines'] } },
  },
});

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface Line {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly Attribute[];
  readonly links?: readonly { readonly spanId: string; readonly attributes?: readonly Attribute[] }[];
  readonly status?: { readonly code?: number };
}

/** The last line may be incomplete. */
function spansIn(line: string): ReceivedSpan[] {
  if (!line.endsWith('}')) return [];
  return (JSON.parse(line) as Line).resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(valuesOf(resource.attributes)['service.name']);
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => spanOf(service, span)));
  });
}

function spanOf(service: string, span: OtlpSpan): ReceivedSpan {
  const { traceId, spanId, parentSpanId = '', name, kind, attributes, links = [], status } = span;
  return {
    service,
    traceId,
    spanId,
    parentSpanId,
    name,
    kind,
    start: Number(span.startTimeUnixNano) / 1e6,
    end: Number(span.endTimeUnixNano) / 1e6,
    attributes: valuesOf(attributes),
    links: links.map((link) => ({ spanId: link.spanId, relation: valuesOf(link.attributes)['genwarden.link'] })),
    failed: status?.code === 2,
  };
}

/** Numbers of 64 bits are texts in OTLP's JSON. */
function valuesOf(attributes: readonly Attribute[] = []): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => {
      const { intValue } = value;
      return [key, intValue === undefined ? Object.values(value)[0] : Number(intValue)];
    }),
  );
}

/** A receiver that accepts connections and requests, and never answers. */
export async function startMuteReceiver(): Promise<AsyncDisposable & { readonly url: string; accepted(): number }> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server = createServer((socket) => {
    accepted += 1;
    sockets.add(socket.on('error', () => undefined).resume());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accepted: () => accepted,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
