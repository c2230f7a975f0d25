// Masks setting values for display: secrets, and users and passwords in URLs.

import { count } from '../job/explain/format.ts';

/** Shows only the length of a secret, in characters. */
export function maskText(text: string, secret: boolean): string {
  if (secret) return `(set, ${count(text.length, 'character')})`;
  return text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)((?:(?![a-z][a-z0-9+.-]*:\/\/).)*)/gis, maskLogin);
}

/**
 * A password may contain what ends it in a URL, such as `/` or a comma: everything up to the last `@` is hidden, unless the text is
 * the address of a page that has an `@` in its path or query.
 */
function maskLogin(whole: string, scheme: string, rest: string): string {
  const at = rest.lastIndexOf('@');
  if (at === -1 || isPage(whole)) return whole;
  return `${scheme}****@${rest.slice(at + 1)}`;
}

function isPage(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
}
