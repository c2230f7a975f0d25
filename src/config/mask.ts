// Masks setting values for display: secrets, and users and passwords in URLs.

/** Shows only the length of a secret, in characters. */
export function maskText(text: string, secret: boolean): string {
  if (secret) return `(set, ${text.length} characters)`;
  return text.replaceAll(/:\/\/[^@/,\s]*@/g, '://****@');
}
