// Sizes in sentences, in the unit in which a person wrote them: `20 GB`, `40 GiB`.

const units = [
  ['TiB', 2 ** 40],
  ['TB', 1e12],
  ['GiB', 2 ** 30],
  ['GB', 1e9],
  ['MiB', 2 ** 20],
  ['MB', 1e6],
] as const;

/** Bytes in the largest unit that gives a short exact number; otherwise with one decimal, rounded down. */
export function sizeText(bytes: number): string {
  for (const [unit, size] of units) {
    if (bytes >= size && Number.isInteger(bytes / size)) return `${bytes / size} ${unit}`;
  }
  const [unit, size] = units.find(([name, of]) => !name.includes('i') && bytes >= of) ?? ['bytes', 1];
  return `${Math.floor((bytes / size) * 10) / 10} ${unit}`;
}
