// The SDK of S3 takes tens of megabytes: a process loads it only if its artifacts are in S3.
import { expect, test } from 'vitest';
import { filesUnder } from '../../tidy/repository.ts';

test('the S3 adapter is imported at one place, dynamically', () => {
  const importing = filesUnder('src', '.ts').filter(
    ({ path, text }) => !path.startsWith('src/adapters/s3/') && text.includes('adapters/s3/'),
  );
  expect(importing.map(({ path }) => path)).toEqual(['src/processes/artifacts.ts']);
  expect(importing[0]!.text).toContain("await import('../adapters/s3/index.ts')");
  expect(importing[0]!.text).not.toContain("from '../adapters/s3/index.ts'");
});
