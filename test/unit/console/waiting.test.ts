// Why a job waits, in few words.

import { expect, test } from 'vitest';
import type { WaitReason } from '../../../src/client/index.ts';
import { waitWords } from '../../../src/console/pages/jobs/list/waiting.ts';

test('a reason has words, and what happens when the wait ends', () => {
  expect(waitWords({ reason: 'ProviderOutage' })).toEqual({ reason: 'provider outage', next: 'next probe' });
  expect(waitWords({ reason: 'Review' })).toEqual({ reason: 'a reviewer', next: 'times out' });
});

test('a reason of a newer API is shown as it is', () => {
  expect(waitWords({ reason: 'MoonPhase' as WaitReason })).toEqual({ reason: 'MoonPhase', next: '' });
});
