// Redacts secrets in log lines. It searches the finished line, so it finds them in any object, error or sentence.

const secretNames =
  'authorization|proxy-authorization|cookie|set-cookie|x-goog-api-key|api-?_?keys?|key|tokens?|creds|credentials|pass|password|systemPassword|secret|client_?secret|nkey|seed_?key';

// A provider's error message is JSON inside the JSON of the line, or twice inside it, so its quotes are `\"` or `\\\"`.
// The repetitions are bounded so that a long run of backslashes takes no longer than other text.
const plain = String.raw`"(?:[^"\\]|\\.)*"`;
const inside = String.raw`\\"(?:[^"\\]|\\\\(?:\\.|[^\\]))*\\"`;
const deeper = String.raw`\\{3,15}"(?:[^"\\]|\\{1,15}[^"\\])*\\{3,15}"`;

/** `"apiKey":"…"` and `"apiKeys":["…","…"]`, for one way of quoting. */
function namedValue(quote: string, value: string): RegExp {
  const values = `(?:${value}|\\[\\s*(?:${value}[\\s,]*)+\\])`;
  return new RegExp(`(${quote})(${secretNames})(${quote}\\s*:\\s*)${values}`, 'gi');
}

const namedValues = [
  namedValue('"', plain),
  namedValue(String.raw`\\"`, inside),
  namedValue(String.raw`(?<!\\)\\{3,15}"`, deeper),
];
/** `x-goog-api-key: …` and `?key=…` in a sentence or URL. */
const unquotedValue =
  /\b(x-goog-api-key|api[-_]?key|authorization)(\s*[:=]\s*)(?!\\*")(?:(?:Bearer|Basic)\s+)?[^\s"\\,;&]+/gi;
const queryValue = /([?&](?:key|token|api_?key|access_token)=)[^&\s"\\#]+/gi;
const bearer = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/g;
/** Google's and OpenAI's keys, and the user and password in a URL. */
const shaped = /\bAIza[0-9A-Za-z_-]{20,}|\bsk-[A-Za-z0-9_-]{16,}/g;
const urlUser = /(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^@/\s"\\]+@/gi;

const hidden = '[redacted]';

/**
 * Returns a function that redacts a line; `known` are texts that must never appear, such as API keys. Texts that are added to
 * the set later are redacted from then on.
 */
export function createRedactor(known: ReadonlySet<string> = new Set()): (line: string) => string {
  let literals: string[] = [];
  let size = 0;
  return (line) => {
    if (known.size !== size) literals = [...known].filter((secret) => secret.length >= 4).flatMap(spellings);
    size = known.size;
    let clean = line;
    for (const literal of literals) clean = clean.replaceAll(literal, hidden);
    for (const pattern of namedValues) clean = clean.replace(pattern, `$1$2$3$1${hidden}$1`);
    return clean
      .replace(unquotedValue, `$1$2${hidden}`)
      .replace(queryValue, `$1${hidden}`)
      .replace(bearer, `$1 ${hidden}`)
      .replace(shaped, hidden)
      .replace(urlUser, `$1${hidden}@`);
  };
}

/** The forms of a secret in a line of JSON: escaped and unescaped, the longer first. */
function spellings(secret: string): string[] {
  const escaped = JSON.stringify(secret).slice(1, -1);
  return escaped === secret ? [secret] : [escaped, secret];
}
