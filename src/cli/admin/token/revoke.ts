// `genwarden token revoke`: deletes a token from the tokens file.

import type { Command } from 'commander';
import { writeLine, type Io } from '../../output/io.ts';
import { fileOption, findToken, tokensPath } from './fileOption.ts';
import { changeTokens } from './tokensFile.ts';

export function addRevoke(token: Command, io: Io): void {
  token
    .command('revoke')
    .description('Delete a token from the tokens file; running APIs end its requests within seconds')
    .argument('<token>', 'id of the token, or its name if no other token has it')
    .addOption(fileOption())
    .action(async (idOrName: string, options: { file?: string }) => {
      const path = tokensPath(options, io);
      const { id, name, tenant } = await changeTokens(path, (tokens) => {
        const found = findToken(tokens, idOrName);
        return { tokens: tokens.filter((each) => each !== found), result: found };
      });
      writeLine(io.stdout, `Revoked ${id} (${name}, tenant ${tenant}) in ${path}.`);
    });
}
