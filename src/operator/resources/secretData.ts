// The entries of a Secret, which are in base64.

import type { Secret } from './builtInKinds.ts';

export const encoded = (text: string): string => Buffer.from(text).toString('base64');

/** Empty if there is no such entry. */
export const entryOf = ({ data = {} }: Pick<Secret, 'data'>, name: string): string =>
  Buffer.from(data[name] ?? '', 'base64').toString();
