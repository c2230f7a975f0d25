// W3C Trace Context: what is read, what is passed on, and what is ignored.

import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  formatTraceparent,
  isSampled,
  parseTraceContext,
  sampledTraceIdOf,
  traceFields,
  traceIdOf,
  traceOf,
} from '../../../src/job/trace.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

const digits = Array.from({ length: 16 }, (_, digit) => digit.toString(16));
const hex = (length: number): fc.Arbitrary<string> =>
  fc
    .string({ unit: fc.constantFrom(...digits), minLength: length, maxLength: length })
    .filter((text) => /[^0]/.test(text));
const context = fc.record({ traceId: hex(32), spanId: hex(16), flags: fc.integer({ min: 0, max: 3 }) });

test('what is written is read back', () => {
  fc.assert(
    fc.property(context, (written) => {
      expect(parseTraceContext(formatTraceparent(written))).toEqual(written);
      const of = traceFields({ ...written, state: 'a=1,b=2' });
      expect(traceOf(of)).toEqual({ ...written, state: 'a=1,b=2' });
      expect(traceIdOf(of)).toBe(written.traceId);
      expect(sampledTraceIdOf(of)).toBe(isSampled(written) ? written.traceId : undefined);
    }),
  );
});

test('any other text is ignored, and what is read can be written', () => {
  const near = fc.tuple(context, fc.nat(54), fc.string({ minLength: 0, maxLength: 2 })).map(([written, at, text]) => {
    const header = formatTraceparent(written);
    return header.slice(0, at) + text + header.slice(at + 1);
  });
  fc.assert(
    fc.property(fc.oneof(near, fc.string()), (header) => {
      const read = parseTraceContext(header);
      if (read !== undefined) expect(formatTraceparent(read)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/);
    }),
  );
});

describe('traceparent', () => {
  it.each([
    ['sampled', '01', true],
    ['sampled and random', '03', true],
    ['not sampled', '00', false],
    ['random and not sampled', '02', false],
    ['sampled, with flags of the future', 'f9', true],
  ])('its flags say whether it is %s', (_name, flags, sampled) => {
    const read = parseTraceContext(`00-${traceId}-${spanId}-${flags}`)!;
    expect(isSampled(read)).toBe(sampled);
    expect(read.flags).toBeLessThan(4);
  });

  it('a later version may have more fields', () => {
    const read = { traceId, spanId, flags: 1 };
    expect(parseTraceContext(`01-${traceId}-${spanId}-01-more`)).toEqual(read);
    expect(parseTraceContext(` 00-${traceId}-${spanId}-01 `)).toEqual(read);
  });

  it.each([
    ['none', undefined],
    ['nothing', ''],
    ['version ff', `ff-${traceId}-${spanId}-01`],
    ['more fields in version 00', `00-${traceId}-${spanId}-01-more`],
    ['fields that later versions do not set off', `01-${traceId}-${spanId}-01more`],
    ['no trace id', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['no span id', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['capital letters', `00-${traceId.toUpperCase()}-${spanId}-01`],
    ['a short trace id', `00-${traceId.slice(1)}-${spanId}-01`],
    ['no flags', `00-${traceId}-${spanId}`],
    ['two headers', `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`],
  ])('is ignored: %s', (_name, header) => {
    expect(parseTraceContext(header)).toBeUndefined();
  });
});

describe('tracestate', () => {
  const stateOf = (text: string) => parseTraceContext(`00-${traceId}-${spanId}-01`, text)?.state;

  it.each([
    ['one entry', 'congo=t61rcWkgMzE', 'congo=t61rcWkgMzE'],
    ['several entries, spaces and empty entries', 'a=1 , ,b@vendor=2,', 'a=1,b@vendor=2'],
    ['the longest', `a=${'x'.repeat(254)},b=${'y'.repeat(253)}`, `a=${'x'.repeat(254)},b=${'y'.repeat(253)}`],
  ])('is passed on: %s', (_name, text, passedOn) => {
    expect(stateOf(text)).toBe(passedOn);
  });

  it.each([
    ['nothing', ' , '],
    ['not a list', 'congo'],
    ['a key with capitals', 'Congo=1'],
    ['line breaks', 'a=1\r\nx-evil: 1'],
    ['other characters', 'a=ü'],
    ['more than 512 bytes', `a=${'x'.repeat(254)},b=${'y'.repeat(255)}`],
    ['more than 32 entries', Array.from({ length: 33 }, (_, at) => `k${at}=v`).join()],
  ])('is dropped, but the trace is not: %s', (_name, text) => {
    expect(parseTraceContext(`00-${traceId}-${spanId}-01`, text)).toEqual({ traceId, spanId, flags: 1 });
  });
});
