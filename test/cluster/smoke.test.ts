// The cluster itself: its node is Ready, Pod Security is enforced, and the images work.
import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { until } from '../support/until.ts';
import { natsImage } from './support/images.ts';
import { type Any, apply, execIn, listObjects, logsOf, tryApply, untilLogged, untilObject } from './support/kubectl.ts';
import { testNamespace } from './support/namespace.ts';
import { restrictedPod } from './support/pod.ts';

const namespace = testNamespace('smoke');

const finished = (name: string) =>
  untilObject('pod', name, namespace, ({ status }) => ['Succeeded', 'Failed'].includes(status.phase), {
    what: `the end of pod ${name}`,
  });

const isReady = ({ status }: Any): boolean =>
  status.conditions?.some((one: { type: string; status: string }) => one.type === 'Ready' && one.status === 'True') ??
  false;

test('the node is Ready', async () => {
  const nodes = await listObjects('nodes', 'default');
  expect(nodes.filter(isReady).length).toBeGreaterThan(0);
});

test('the image prints its version in a restricted pod', async () => {
  await apply(restrictedPod({ name: 'version', args: ['--version'] }), namespace);
  const { status } = await finished('version');
  expect(await logsOf('version', namespace)).toBe(`${packageJson.version}\n`);
  expect(status.phase).toBe('Succeeded');
});

test('the image can process images', async () => {
  const script = `const { default: sharp } = await import('sharp');
    const create = { width: 8, height: 8, channels: 3, background: 'red' };
    console.log((await sharp({ create }).png().toBuffer()).length);`;
  const command = ['node', '--input-type=module', '-e', script];
  await apply(restrictedPod({ name: 'picture', command }), namespace);
  const { status } = await finished('picture');
  expect({ phase: status.phase, said: await logsOf('picture', namespace) }).toMatchObject({ phase: 'Succeeded' });
});

test('nats-server runs and answers', async () => {
  await apply(restrictedPod({ name: 'nats', image: natsImage, args: ['--http_port', '8222'] }), namespace);
  const { status } = await untilObject('pod', 'nats', namespace, (pod) => isReady(pod), { what: 'its start' });
  const answer = await until(() => fetch(`http://${status.podIP}:8222/healthz`), { what: 'an answer of nats-server' });
  expect(await answer.json()).toEqual({ status: 'ok' });
});

test('a pod runs as PID 1 and user 10001, has a read-only root, and resolves names', async () => {
  const script = `const fs = require('node:fs');
    const wrote = (() => { try { fs.writeFileSync('/app/x', ''); return 'yes'; } catch (error) { return error.code; } })();
    require('node:dns').lookup('kubernetes.default.svc', (error) => {
      console.log(JSON.stringify([process.pid, process.getuid(), wrote, error === null]));
      setInterval(() => {}, 1000);
    });`;
  await apply(restrictedPod({ name: 'inside', command: ['node', '-e', script] }), namespace);
  const facts = await untilLogged('inside', namespace, '\n');
  expect(JSON.parse(facts)).toEqual([1, 10001, 'EROFS', true]);
  expect(await execIn('inside', namespace, 'sh', '-c', 'echo $NODE_ENV')).toBe('production\n');
});

test('Pod Security rejects a pod that runs as root', async () => {
  const pod = restrictedPod({ name: 'root' });
  pod.spec.securityContext.runAsUser = 0;
  pod.spec.containers[0].securityContext.allowPrivilegeEscalation = true;
  const { code, stderr } = await tryApply(pod, namespace);
  expect(code).not.toBe(0);
  expect(stderr).toContain('violates PodSecurity "restricted');
});
