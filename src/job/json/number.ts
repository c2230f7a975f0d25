// Whether a JSON number survives as a double. JSON numbers have any size, but JavaScript rounds integers beyond 2^53, and turns `1e999`
// into Infinity, which would be written as null.

/** False for a number of at least 2^53 that would be rounded, for one that would become infinite, and for one that would become zero. */
export function isExact(source: string): boolean {
  const value = Number(source);
  if (!Number.isFinite(value)) return false;
  const wanted = decimalOf(source);
  if (value === 0) return wanted.digits === '';
  if (Math.abs(value) < 2 ** 53) return true;
  const kept = decimalOf(String(value));
  return kept.digits === wanted.digits && kept.exponent === wanted.exponent;
}

/** The significant digits, and the power of ten of the first one. */
function decimalOf(source: string): { digits: string; exponent: number } {
  const [, whole = '', fraction = '', power = '0'] = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(source) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const exponent = digits.length - fraction.length + Number(power);
  return { digits: digits.replace(/0+$/, ''), exponent };
}
