// How a text differs from an earlier one, word by word; longer texts line by line.

export interface Piece {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
}

/** Of each text: the comparison takes the product of both. */
const mostParts = 1_500;

/** Null: the texts are too long to be compared. */
export function difference(before: string, after: string): Piece[] | null {
  for (const split of [words, lines]) {
    const [a, b] = [split(before), split(after)];
    if (a.length <= mostParts && b.length <= mostParts) return joined(comparison(a, b));
  }
  return null;
}

const words = (text: string): string[] => text.match(/\s+|[\p{L}\p{M}\p{N}_]+|[^\s\p{L}\p{M}\p{N}_]/gu) ?? [];
const lines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** By the longest common subsequence. */
function comparison(a: readonly string[], b: readonly string[]): Piece[] {
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const [right, below] = [lengths[i * width + j + 1]!, lengths[(i + 1) * width + j]!];
      lengths[i * width + j] = a[i] === b[j] ? lengths[(i + 1) * width + j + 1]! + 1 : Math.max(right, below);
    }
  }
  const pieces: Piece[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      pieces.push({ kind: 'same', text: a[i]! });
      [i, j] = [i + 1, j + 1];
    } else if (i < a.length && (j === b.length || lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!)) {
      pieces.push({ kind: 'removed', text: a[i]! });
      i += 1;
    } else {
      pieces.push({ kind: 'added', text: b[j]! });
      j += 1;
    }
  }
  return pieces;
}

function joined(pieces: readonly Piece[]): Piece[] {
  const all: Piece[] = [];
  for (const { kind, text } of pieces) {
    const last = all.at(-1);
    if (last?.kind === kind) all[all.length - 1] = { kind, text: last.text + text };
    else all.push({ kind, text });
  }
  return all;
}
