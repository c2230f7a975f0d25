// Job ids: their form, and that different bytes make different ids.

import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isJobId, jobIdFrom, poolNameForm } from '../../../src/job/ids.ts';

const bytes = fc.uint8Array({ minLength: 17, maxLength: 17 });

describe('jobIdFrom', () => {
  test('makes 26 characters that are valid in subjects and URLs', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 17, maxLength: 64 }), (input) => {
        const id = jobIdFrom(input);
        expect(id).toMatch(/^[0-9abcdefghjkmnpqrstvwxyz]{26}$/);
        expect(isJobId(id)).toBe(true);
        expect(jobIdFrom(input)).toBe(id);
      }),
    );
  });

  test('uses each of the first 130 bits: turning one over makes another id', () => {
    fc.assert(
      fc.property(bytes, fc.integer({ min: 0, max: 129 }), (input, bit) => {
        const other = Uint8Array.from(input);
        other[bit >> 3]! ^= 0x80 >> (bit & 7);
        expect(jobIdFrom(other)).not.toBe(jobIdFrom(input));
      }),
    );
  });

  test('keeps the order of the bytes', () => {
    fc.assert(
      fc.property(bytes, bytes, (one, two) => {
        const [a, b] = [jobIdFrom(one), jobIdFrom(two)];
        if (a !== b) expect(a < b).toBe(Buffer.compare(one, two) < 0);
      }),
    );
  });

  test('refuses too few bytes', () => {
    expect(() => jobIdFrom(randomBytes(16))).toThrow('17 bytes');
  });
});

test('isJobId refuses what could break a subject or an address', () => {
  for (const text of [
    '',
    'a'.repeat(25),
    'a'.repeat(27),
    `${'a'.repeat(25)}.`,
    `${'a'.repeat(25)}A`,
    `${'a'.repeat(26)}\n`,
  ])
    expect(isJobId(text)).toBe(false);
});

test('pool names are Kubernetes names', () => {
  for (const name of ['a', 'default', 'gpu-2', 'a'.repeat(63)]) expect(name).toMatch(poolNameForm);
  for (const name of ['', '-a', 'a-', 'A', 'a.b', 'a*', 'a'.repeat(64), 'a b']) expect(name).not.toMatch(poolNameForm);
});
