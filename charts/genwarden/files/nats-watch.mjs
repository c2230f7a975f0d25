// Runs beside nats-server. Tells it about a changed certificate, which it does not notice itself. Stops it after a write error, which it
// does not heal without a restart: Kubernetes starts it again.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const every = 10_000;
const stopAfter = 3;
// A full volume causes the next write error right after the restart.
const restartEvery = 300_000;
const files = ['ca.crt', 'tls.crt', 'tls.key'].map((name) => `/etc/nats-tls/${name}`).filter(existsSync);

let certificate = digest();
let failures = 0;
let stoppedAt = -Infinity;
process.on('SIGTERM', () => process.exit(0));
for (; ; await sleep(every)) await checkCertificate().then(checkWrites).catch(complain);

async function checkCertificate() {
  const now = digest();
  if (now === certificate) return;
  signal('SIGHUP');
  certificate = now;
  console.log('The certificate has changed: nats-server reads it again.');
}

// Not any failure of /healthz: a server that only catches up with the others is not healthy either.
async function checkWrites() {
  const errors = await writeErrors();
  failures = errors.length === 0 ? 0 : failures + 1;
  if (failures < stopAfter || performance.now() - stoppedAt < restartEvery) return;
  console.log(`nats-server needs a restart: ${errors.join('; ')}`);
  signal('SIGTERM');
  failures = 0;
  stoppedAt = performance.now();
}

async function writeErrors() {
  try {
    const answer = await fetch('http://127.0.0.1:8222/healthz?details=true', { signal: AbortSignal.timeout(5_000) });
    const { errors = [] } = await answer.json();
    return errors.map(({ error }) => error).filter((error) => error.includes('write error: '));
  } catch {
    // It starts, or hangs, which the probes notice.
    return [];
  }
}

function signal(name) {
  process.kill(Number(readFileSync('/tmp/nats.pid', 'utf8')), name);
}

function complain(error) {
  console.error(`Cannot look after nats-server: ${error.message}`);
}

function digest() {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex');
}
