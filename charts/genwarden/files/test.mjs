// `helm test` runs this in a pod. It checks that the API is ready, requires a token and lists its pools. If a job costs nothing,
// or tests.submitJob asks for it, it also submits a job and downloads the image.
import { setTimeout as sleep } from 'node:timers/promises';

const { API_URL: url, API_TOKEN: token = '', AUTH: auth, SUBMIT_TO: pool } = process.env;
const authorization = token === '' ? {} : { authorization: `Bearer ${token}` };

await check('the API is ready', async () => {
  await expectStatus(200, await fetch(`${url}/readyz`));
});

if (auth === 'on') {
  await check('the API rejects requests without a token', async () => {
    await expectStatus(401, await fetch(`${url}/v1/pools`));
  });
}

if (auth === 'on' && token === '') {
  console.log('- skipped the remaining checks: the secret of tokens has no entry `token`');
} else {
  await check('the API lists its pools', async () => {
    const { items } = await (await expectStatus(200, await call('GET', '/v1/pools'))).json();
    console.log(`  pools: ${items.map(({ name }) => name).join(', ')}`);
    if (pool !== '' && !items.some(({ name }) => name === pool)) throw new Error(`pool ${pool} does not exist yet`);
  });
  if (pool === '')
    console.log('- submitted no job: tests.submitJob is not `always`, and the stand-in is not the provider');
  else await check('a job generates an image', generateImage);
}

async function generateImage() {
  const request = { kind: 'image', pool, input: { prompt: 'a lighthouse, for helm test' } };
  let job = await (await expectStatus([200, 202], await call('POST', '/v1/jobs?wait=60s', request))).json();
  console.log(`  job ${job.id} is ${job.state}`);
  for (let look = 0; look < 4 && job.finishedAt === null; look++) {
    await sleep(500);
    const read = await call('GET', `/v1/jobs/${job.id}?wait=30s`);
    job = await (await expectStatus(200, read)).json();
  }
  const [task] = job.tasks;
  if (job.state !== 'succeeded') throw new Error(`job ${job.id} is ${job.state}: ${task.reason} ${task.message}`);
  const { href, mediaType } = task.artifacts.find(({ name }) => name === 'image');
  const image = await expectStatus(200, await call('GET', new URL(href, url).pathname + new URL(href, url).search));
  console.log(`  ${mediaType}, ${(await image.arrayBuffer()).byteLength} bytes`);
}

/** Retries for a minute, because a new installation may still be starting. */
async function check(what, run) {
  const giveUpAt = performance.now() + 60_000;
  for (;;) {
    try {
      await run();
      console.log(`✓ ${what}`);
      return;
    } catch (error) {
      if (performance.now() < giveUpAt) {
        await sleep(1_000);
        continue;
      }
      console.log(`✗ ${what}: ${error.message}`);
      process.exit(1);
    }
  }
}

function call(method, path, body) {
  const headers = { ...authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  return fetch(`${url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

async function expectStatus(wanted, response) {
  if ([wanted].flat().includes(response.status)) return response;
  throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`);
}
