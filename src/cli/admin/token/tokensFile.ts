// Reads and changes the tokens file.

import { parseTokens, type TokenEntry } from '../../../api/auth/tokenStore.ts';
import { textOf, updateFile } from '../updateFile.ts';

/** No tokens if the file does not exist. Throws `InvalidConfiguration` for a file that is not a tokens file. */
export const readTokens = async (path: string): Promise<readonly TokenEntry[]> => tokensIn(await textOf(path), path);

/**
 * Replaces the tokens of the file, which need not exist, by those that `change` makes of them, and gives its result. Throws what
 * `change` throws, `InvalidConfiguration` for a file that is not a tokens file, and `UsageError` if it cannot be written.
 */
export async function changeTokens<T>(
  path: string,
  change: (tokens: readonly TokenEntry[]) => { readonly tokens: readonly TokenEntry[]; readonly result: T },
): Promise<T> {
  let changed: T | undefined;
  await updateFile(path, 'tokens file', (text) => {
    const { tokens, result } = change(tokensIn(text, path));
    changed = result;
    return `${JSON.stringify({ tokens }, null, 2)}\n`;
  });
  return changed as T;
}

const tokensIn = (text: string, path: string): readonly TokenEntry[] =>
  text.trim() === '' ? [] : parseTokens(text, path);
