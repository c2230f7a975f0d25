// Removes an API key from a text that a server sent: the key itself, long parts of it, and both in the encodings of URLs, JSON
// and HTML.

/** Shorter parts identify nothing and occur by chance. */
const shortestPart = 8;

/** The text with `[key]` instead of the key. */
export function withoutKey(text: string, key: string): string {
  if (key === '' || text === '') return text;
  const units = unitsOf(text);
  const shortest = Math.min(shortestPart, key.length);
  let shown = '';
  for (let at = 0; at < units.length;) {
    const length = sharedLength(units, at, key);
    if (length < shortest) {
      shown += units[at]!.source;
      at += 1;
    } else {
      shown += '[key]';
      at += length;
    }
  }
  return shown;
}

interface Unit {
  readonly character: string;
  /** How the text writes the character. */
  readonly source: string;
}

/** `%2D` and `%252D`, an escape of JSON, an HTML entity with a number, or the character itself. */
const written = /%(?:25)*([0-9a-f]{2})|\\u00([0-9a-f]{2})|&#x([0-9a-f]{2});|&#(\d{2,3});|[^]/gi;

function unitsOf(text: string): Unit[] {
  return Array.from(text.matchAll(written), ([source, percent, escape, hex, decimal]) => {
    const code = percent ?? escape ?? hex;
    if (code !== undefined) return { character: String.fromCharCode(Number.parseInt(code, 16)), source };
    return { character: decimal === undefined ? source : String.fromCharCode(Number(decimal)), source };
  });
}

/** How many units from `at` are a part of the key. */
function sharedLength(units: readonly Unit[], at: number, key: string): number {
  let longest = 0;
  for (let start = 0; start < key.length - longest; start += 1) {
    let length = 0;
    while (start + length < key.length && units[at + length]?.character === key[start + length]) length += 1;
    longest = Math.max(longest, length);
  }
  return longest;
}
