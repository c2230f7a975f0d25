// The spans of a trace as a tree, one line for each.

import type { ReceivedSpan } from '../../support/otelCollector.ts';

/** Children in the order in which they started. Each line: service, name, duration, what is special, links. */
export function traceTree(spans: readonly ReceivedSpan[]): string[] {
  const ordered = spans.toSorted((one, other) => one.start - other.start);
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const numbers = new Map(ordered.map(({ spanId }, at) => [spanId, at + 1]));
  const lines = (span: ReceivedSpan, depth: number): string[] => [
    line(span, depth, numbers),
    ...ordered.filter(({ parentSpanId }) => parentSpanId === span.spanId).flatMap((child) => lines(child, depth + 1)),
  ];
  return ordered.filter(({ parentSpanId }) => !ids.has(parentSpanId)).flatMap((root) => lines(root, 0));
}

const shown = [
  'http.response.status_code',
  'genwarden.run',
  'genwarden.attempt',
  'genwarden.outcome',
  'gen_ai.usage.output_tokens',
  'error.type',
];

function line(span: ReceivedSpan, depth: number, numbers: ReadonlyMap<string, number>): string {
  const { service, name, start, end, attributes, links, spanId } = span;
  const facts = shown
    .filter((key) => attributes[key] !== undefined)
    .map((key) => `${key.split('.').at(-1)}=${String(attributes[key])}`);
  const linked = links.map((link) => `(${String(link.relation)}: span ${numbers.get(link.spanId)})`);
  const number = String(numbers.get(spanId)).padStart(2);
  const head = `${number}  ${'  '.repeat(depth)}${name}`.padEnd(54);
  const took = `${Math.round(end - start)} ms`.padStart(8);
  return [head, service.replace('genwarden-', '').padEnd(10), took, ' ', ...facts, ...linked].join(' ').trimEnd();
}
