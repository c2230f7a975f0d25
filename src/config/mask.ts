// Masks setting values for display: secrets, and users and passwords in URLs.

/** Of a secret, only the length in characters is shown. */
export function maskText(text: string, secret: boolean): string {
  if (secret) return `(set, ${text.length} characters)`;
  return text.replaceAll(/:\/\/[^@/,\s]*@/g, '://****@');
}
