// How the value of a setting is shown: a secret never, and a URL without the user and password in it.

/** `text` as it may be printed. Of a secret only its length in characters is said. */
export function maskText(text: string, secret: boolean): string {
  if (secret) return `(set, ${text.length} characters)`;
  return text.replaceAll(/:\/\/[^@/,\s]*@/g, '://****@');
}
