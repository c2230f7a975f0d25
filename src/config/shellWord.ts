// Words of commands that people copy.

/** The text as one word of a POSIX shell, with quotes only where they are needed. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
