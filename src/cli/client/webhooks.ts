// `genwarden webhooks dead` and `… resend`: deliveries that were given up.

import type { Command } from 'commander';
import type { WebhookDelivery } from '../../client/index.ts';
import { GenwardenError } from '../../job/errors/index.ts';
import { ageOf } from '../output/format.ts';
import { writeLine, type Io } from '../output/io.ts';
import { outputOption, printAs, type OutputFormat } from '../output/print.ts';
import { renderTable, type Column } from '../output/table.ts';
import { deliveryIdsOf } from './ids.ts';
import { clientCommand, withClient } from './session.ts';

export function addWebhooks(program: Command, io: Io): void {
  const webhooks = program.command('webhooks').description('Inspect webhook deliveries, and manage their secrets');
  clientCommand(webhooks, 'dead', 'List webhook deliveries that were given up, oldest first')
    .addOption(outputOption())
    .action(
      withClient(io, async (client, { output }: { output: OutputFormat }) => {
        const items = await Array.fromAsync(client.deadWebhooks());
        printAs(io, output, { items, next: null }, (options) => renderTable(items, columnsAt(io.now()), options));
      }),
    );
  clientCommand(webhooks, 'resend', 'Send dead webhook deliveries again, with the same ids')
    .argument('[id...]', 'ids of the deliveries, or unique beginnings of them')
    .option('--all', 'send all dead deliveries again')
    .action(
      withClient(io, async (client, ids: string[], { all = false }: { all?: boolean }) => {
        if (all !== (ids.length === 0)) throw new GenwardenError('UsageError', 'Name deliveries, or pass --all');
        const named = all
          ? (await Array.fromAsync(client.deadWebhooks())).map(({ id }) => id)
          : await deliveryIdsOf(client, ids);
        for (const id of named) {
          const { event, job } = await client.resendWebhook(id);
          writeLine(io.stdout, `${id}: ${event} of job ${job} is sent again`);
        }
      }),
    );
}

function columnsAt(now: number): Column<WebhookDelivery>[] {
  return [
    { title: 'ID', value: ({ id }) => id },
    { title: 'EVENT', value: ({ event }) => event, drop: 2 },
    { title: 'AGE', value: ({ at }) => ageOf(at, now), align: 'right', drop: 3 },
    { title: 'ATTEMPTS', value: ({ attempts }) => attempts, align: 'right', drop: 5 },
    { title: 'REASON', value: ({ lastError }) => lastError?.reason ?? null, wrap: 16, drop: 1 },
    { title: 'URL', value: ({ url }) => url, min: 20, drop: 4 },
    { title: 'TENANT', value: ({ tenant }) => tenant, wide: true },
    { title: 'MESSAGE', value: ({ lastError }) => lastError?.message ?? null, wide: true },
  ];
}
