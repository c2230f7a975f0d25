// Brand images: a flagged picture is tweaked on the page, approved or rejected on the terminal, and nothing is paid twice.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { startInstallation } from '../support/installation.ts';
import { examplesOf } from './support/example.ts';

const brand = 'brand-images/brand.py';
const checker = 'gemini-2.5-flash';

it('a person tweaks, approves and rejects what the check flags', async () => {
  const { standin, url, client } = await startInstallation();
  standin.behave({ kind: 'image', bytes: 'small' });
  standin.behaveForModel(checker, { kind: 'flag' });
  const example = await examplesOf({ url });

  const drawing = await example.start(brand);
  for (const name of ['poster', 'bag', 'label']) {
    await drawing.waitForLine(
      new RegExp(`${name} is needs_review: Flagged by the check: The stand-in was asked`),
      30_000,
    );
  }
  await drawing.waitForLine(/brand\.py approve\|reject\|tweak label/, 30_000);
  const [, job] = /^Job (\S+)$/m.exec(drawing.lines.join('\n'))!;
  expect(await example.run(brand, 'approve', 'poster')).toEqual({ code: 0, text: 'poster: approve' });
  expect(await example.run(brand, 'reject', 'bag')).toEqual({ code: 0, text: 'bag: reject' });
  const late = await example.run(brand, 'approve', 'bag');
  expect(late).toMatchObject({
    code: 1,
    text: expect.stringMatching(/in review.* \(NotInReview\)\. Read the task again/),
  });
  // Its death changes nothing for the job.
  drawing.kill('SIGKILL');
  await drawing.exited;

  standin.behaveForModel(checker, undefined);
  const { url: page } = await example.serve('brand-images/page.py');
  const html = await (await fetch(page)).text();
  expect(html).toContain('<h1>Pictures that wait for you: 1</h1>');
  expect(html).toContain('<b>The stand-in was asked to flag it</b>');
  const [, place] = /<form method="post" action="\/review\/([^"]+)">/.exec(html)!;
  expect(place).toBe(`${job}/2/1`);
  expect((await sharp(await (await fetch(`${page}/image/${place}`)).arrayBuffer()).metadata()).format).toBe('png');
  const decide = (headers: Record<string, string>) =>
    fetch(`${page}/review/${place}`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams({ decision: 'tweak', instruction: 'Fix red violations' }),
    });
  expect((await decide({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  expect((await decide({ 'sec-fetch-site': 'same-origin' })).status).toBe(303);
  const twice = await decide({});
  expect([twice.status, await twice.text()]).toEqual([409, expect.stringContaining('NotInReview')]);

  const ended = await example.run(brand);
  expect(ended.code).toBe(1);
  expect(ended.text).toMatch(/^Job (\S+)$/m);
  expect(ended.text).toMatch(/bag is failed: RejectedInReview: /);
  expect(ended.text).toContain('2 of 3 pictures are approved');
  const saved = (await readdir(join(example.folder, 'brand-images'))).toSorted();
  expect(saved).toEqual(['in-review', 'label-2.png', 'poster-1.png']);
  await sharp(join(example.folder, 'brand-images/label-2.png')).stats();
  // Three pictures, one of them twice, and a check of each.
  expect(standin.requests).toHaveLength(8);
  expect(standin.requests.filter(({ prompt }) => prompt.includes('Change it: Fix red violations'))).toHaveLength(1);

  const retried = await example.run(brand, 'retry');
  expect(retried).toMatchObject({ code: 0, text: expect.stringContaining('3 of 3 pictures are approved') });
  expect(standin.requests).toHaveLength(10);
  expect(await example.run(brand)).toMatchObject({ code: 0 });
  expect(standin.requests).toHaveLength(10);
  expect((await client.get(job!)).usage!.paidCalls).toBe(10);
});
