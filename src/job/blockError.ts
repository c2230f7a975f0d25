// The error of a task that fails while its pool admits no call of its model.

import { about } from './duration.ts';
import { ownWords, type Block, type BlockReason } from './block.ts';
import { taskError, type TaskError } from './errors/index.ts';
import type { Target } from './policy.ts';
import { targetOf } from './target.ts';
import type { Instant, TaskBase } from './task.ts';

/** `model`: the model of the call; by default the task's. The message is a sentence without a full stop. */
export function blockError(
  block: Block,
  task: Pick<TaskBase, 'of' | 'target'>,
  now: Instant,
  model = targetOf(task).model,
): TaskError {
  const details = block.provider === null ? {} : { provider: block.provider };
  return taskError(block.code, sentence(block, { pool: targetOf(task).pool, model }, now), {
    ...details,
    ...(block.permanent && { retryable: false }),
  });
}

function sentence(block: Block, { pool, model }: Target, now: Instant): string {
  if (hasOwnWords(block.reason) && block.message !== '') return block.message;
  const own = ownWords(block.message);
  const words = own === '' ? '' : `: ${own}`;
  const time = block.since === null ? '' : ` for ${about(now - block.since)}`;
  return `${what(block.reason, pool, model, block.provider?.status)}${time}${words}`;
}

/** Their message is a whole sentence of Genwarden, and not the provider's words. */
const hasOwnWords = (reason: BlockReason): boolean => reason === 'BudgetExhausted' || reason === 'TenantLimit';

function what(reason: BlockReason, pool: string, model: string, status: number | undefined): string {
  switch (reason) {
    case 'ProviderOutage':
      return status === undefined
        ? `The provider of model ${model} has been unreachable`
        : `The provider has answered ${status} for model ${model}`;
    case 'QuotaExhausted':
      return `Every API key of pool ${pool} has been without quota for model ${model}`;
    case 'KeysRefused':
      return `The provider has refused every API key of pool ${pool}`;
    case 'KeysCooling':
      return `The provider has rate-limited model ${model} for every API key of pool ${pool}`;
    case 'NoKeys':
      return `Pool ${pool} has had no API key`;
    case 'BudgetExhausted':
      return `The budget of pool ${pool} or of the tenant has been spent`;
    case 'TenantLimit':
      return `As many tasks of the tenant, or of the task's group, as pool ${pool} allows have been running`;
    case 'RateLimit':
      return `The requests per minute of every API key of pool ${pool} have been used up`;
    default:
      return reason satisfies never;
  }
}
