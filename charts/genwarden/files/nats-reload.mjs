// Runs beside nats-server: tells it to read its configuration again when its certificate changes, which it does not notice itself.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const files = ['ca.crt', 'tls.crt', 'tls.key'].map((name) => `/etc/nats-tls/${name}`);

process.on('SIGTERM', () => process.exit(0));
for (let known = digest(); ; await sleep(10_000)) {
  try {
    const now = digest();
    if (now === known) continue;
    process.kill(Number(readFileSync('/tmp/nats.pid', 'utf8')), 'SIGHUP');
    console.log('The certificate has changed: nats-server reads it again.');
    known = now;
  } catch (error) {
    console.error(`Cannot tell nats-server about a changed certificate: ${error.message}`);
  }
}

function digest() {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex');
}
