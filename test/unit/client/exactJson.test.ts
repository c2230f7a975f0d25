// A request has the numbers that its caller gave, or is not sent.

import { expect, test } from 'vitest';
import { GenwardenClient } from '../../../src/client/index.ts';

test.each([
  [{ metadata: { x: [1, Number.NaN] } }, 'metadata.x[1] is NaN, which JSON cannot hold'],
  [{ metadata: Number.POSITIVE_INFINITY }, 'metadata is Infinity, which JSON cannot hold'],
  [{ tasks: [{ metadata: { dx: -1 / 0 } }] }, 'tasks[0].metadata.dx is -Infinity, which JSON cannot hold'],
])('%j is refused before anything is sent', async (body, message) => {
  let requests = 0;
  const fetch = () => {
    requests += 1;
    return Promise.reject(new Error('sent'));
  };
  const client = new GenwardenClient({ url: 'http://127.0.0.1:1', fetch });
  await expect(client.submit({ kind: 'image', ...body })).rejects.toThrow(new TypeError(message));
  expect(requests).toBe(0);
});
