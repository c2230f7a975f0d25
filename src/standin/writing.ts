// Texts of a wanted length, and the pieces in which a text is streamed.

/** Words with characters of one to four bytes in UTF-8, so that pieces of a body split characters. */
const words = 'Hecken grünen früh, 梅 blüht im Schnee, und 🌱 folgt. ';

/** As many UTF-16 code units as wanted, and no half of a character at the end. */
export function writtenText(length: number): string {
  const text = words.repeat(Math.ceil(length / words.length)).slice(0, length);
  return text.isWellFormed() ? text : `${text.slice(0, -1)}.`;
}

const shortestPiece = 24;
const mostPieces = 1_000;

/** How many pieces a text of this length has at most. */
export const pieceCount = (length: number): number =>
  Math.min(mostPieces, Math.max(1, Math.ceil(length / shortestPiece)));

/** None of them ends in the middle of a character. */
export function piecesOfText(text: string): string[] {
  const size = Math.ceil(text.length / pieceCount(text.length));
  const pieces: string[] = [];
  for (let from = 0; from < text.length;) {
    const end = from + size;
    const last = text.charCodeAt(end - 1);
    const to = last >= 0xd8_00 && last <= 0xdb_ff ? end + 1 : end;
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}
