// Masks setting values for display: secrets, and users and passwords in URLs.

import { count } from '../job/explain/format.ts';

/** Shows only the length of a secret, in characters. */
export function maskText(text: string, secret: boolean): string {
  if (secret) return `(set, ${count(text.length, 'character')})`;
  return text.replaceAll(/:\/\/[^@/,\s]*@/g, '://****@');
}
