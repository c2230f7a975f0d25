// The tokens file of a site, with one token for each name.

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createToken } from '../../../src/api/auth/createToken.ts';

export type Scope = 'jobs:read' | 'jobs:write' | 'admin';

export class TokensFile {
  readonly path: string;
  readonly #entries: Map<string, object>;
  /** By the name of the token. */
  readonly secrets: Readonly<Record<string, string>>;

  static async write(folder: string, tokens: Readonly<Record<string, readonly Scope[]>>): Promise<TokensFile> {
    const made = Object.entries(tokens).map(([name, scopes]) => {
      const about = { name, tenant: 'default', scopes: [...scopes], createdAt: 0 };
      return { name, ...createToken(about, (bytes) => randomBytes(bytes)) };
    });
    const file = new TokensFile(
      join(folder, 'tokens.json'),
      new Map(made.map(({ name, entry }) => [name, entry])),
      Object.fromEntries(made.map(({ name, token }) => [name, token])),
    );
    await file.#save();
    return file;
  }

  private constructor(path: string, entries: Map<string, object>, secrets: Readonly<Record<string, string>>) {
    this.path = path;
    this.#entries = entries;
    this.secrets = secrets;
  }

  async revoke(name: string): Promise<void> {
    this.#entries.delete(name);
    await this.#save();
  }

  async #save(): Promise<void> {
    await writeFile(this.path, JSON.stringify({ tokens: [...this.#entries.values()] }), { mode: 0o600 });
  }
}
