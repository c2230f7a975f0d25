// Text of files that a person may have written on Windows: see `textOfUtf8`.

import { readFileSync } from 'node:fs';
import { textOfUtf8 } from '../job/json/utf8.ts';

/** The text of a file, without a byte order mark. Throws `NotUtf8`, and what reading throws. */
export const readTextFile = (path: string): string => textOfUtf8(readFileSync(path));
