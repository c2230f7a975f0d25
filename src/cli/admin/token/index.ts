// `genwarden token …`: the commands that read and change the tokens file.

import type { Command } from 'commander';
import type { Io } from '../../output/io.ts';
import { addCreate } from './create.ts';
import { addList } from './list.ts';
import { addRevoke } from './revoke.ts';
import { addRotate } from './rotate.ts';

export function addToken(program: Command, io: Io): void {
  const token = program.command('token').description('Manage API tokens');
  addCreate(token, io);
  addList(token, io);
  addRotate(token, io);
  addRevoke(token, io);
}
