// Administrative commands. They work with settings and local files; only `config --server` calls the API.

import type { Command } from 'commander';
import { processIo, type Io } from '../output/io.ts';
import { addCompletion } from './completion.ts';
import { addConfig } from './config.ts';
import { addToken } from './token/index.ts';
import { addWebhookSecrets } from './webhookSecrets.ts';

export function addAdminCommands(program: Command, io: Io = processIo()): void {
  addConfig(program, io);
  addToken(program, io);
  const webhooks = program.commands.find((command) => command.name() === 'webhooks');
  addWebhookSecrets(webhooks ?? program.command('webhooks'), io);
  addCompletion(program, io);
}
