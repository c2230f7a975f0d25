// The builder of blocks for tests.

import type { Block, BlockReason } from '../../src/job/block.ts';

export const blockOf = (reason: BlockReason, over: Partial<Block> = {}): Block => ({
  reason,
  code: 'RateLimited',
  until: null,
  since: null,
  provider: null,
  message: '',
  permanent: false,
  confirmed: true,
  ...over,
});
