// Reads JSON of which nothing is certain: providers and the servers between send other shapes, HTML pages, or nothing.

export type Fields = Readonly<Record<string, unknown>>;

/** No fields for a value that is no object. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

/** Undefined for text that is not JSON. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The body of an error; some are a list with one error. */
export function errorJsonIn(text: string): unknown {
  const value = jsonIn(text);
  return Array.isArray(value) ? value[0] : value;
}

/** An event of a stream. Throws an `Error` for one that is not JSON. */
export function jsonOfEvent(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    throw new Error(`the stream has an event that is not JSON: it starts with ${JSON.stringify(data.slice(0, 60))}`);
  }
}

/** The text of an error as part of a message; a short description replaces the HTML page of a proxy. */
export const sentenceOf = (text: string): string => (/^\s*</.test(text) ? 'an HTML page' : text.trim());
