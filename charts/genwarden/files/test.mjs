// What `helm test` runs in a pod: the API is ready, asks for its token, knows its pools, and, where that costs nothing or was
// asked for, a job goes from end to end and its picture can be fetched.
import { setTimeout as sleep } from 'node:timers/promises';

const { API_URL: url, API_TOKEN: token = '', AUTH: auth, SUBMIT_TO: pool } = process.env;
const authorization = token === '' ? {} : { authorization: `Bearer ${token}` };

await check('the API is ready', async () => {
  await expectStatus(200, await fetch(`${url}/readyz`));
});

if (auth === 'on') {
  await check('without a token the API refuses', async () => {
    await expectStatus(401, await fetch(`${url}/v1/pools`));
  });
}

if (auth === 'on' && token === '') {
  console.log('- the secret of tokens has no entry `token`: nothing else can be tried');
} else {
  await check('the API lists its pools', async () => {
    const { items } = await (await expectStatus(200, await call('GET', '/v1/pools'))).json();
    console.log(`  pools: ${items.map(({ name }) => name).join(', ')}`);
    if (pool !== '' && !items.some(({ name }) => name === pool)) throw new Error(`pool ${pool} is not there yet`);
  });
  if (pool === '') console.log('- no job is submitted: tests.submitJob is not set, and no stand-in answers');
  else await check('a job makes a picture', makePicture);
}

async function makePicture() {
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
  const picture = await expectStatus(200, await call('GET', new URL(href, url).pathname + new URL(href, url).search));
  console.log(`  ${mediaType}, ${(await picture.arrayBuffer()).byteLength} bytes`);
}

/** Once more for a minute: an installation just made may still be starting. */
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
