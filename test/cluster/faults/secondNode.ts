// A second node for a test file, on which power and network can be cut.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubectl } from '../support/kubectl.ts';
import { run } from '../support/run.ts';
import { podProcesses, sameNetwork } from './node.ts';

const name = 'node2';
const script = join(import.meta.dirname, '../../../hack/cluster/cluster.sh');

export interface SecondNode {
  readonly name: string;
  /**
   * Kills every process of every pod at once and freezes what would start them again, as a power cut does. Unlike a power cut, the
   * kernel still closes their connections, unless the network was cut before. Calls `struck` right before, because finding
   * the processes takes a while. Returns what ends it.
   */
  cutPower(struck: () => void): () => Promise<void>;
  /** Drops every packet from and to the node, in silence. Returns what ends it. */
  cutNetwork(): Promise<() => Promise<void>>;
  remove(): Promise<void>;
}

/** Joins the cluster that `make cluster-faults` starts; resolves once the node is ready and has the images. */
export async function addSecondNode(): Promise<SecondNode> {
  const folder = process.env['TEST_CLUSTER_FOLDER'];
  if (folder === undefined) throw new Error('a second node needs the cluster that make cluster-faults starts');
  await run(script, ['add-node'], { timeoutMs: 280_000 });
  const pid = Number(readFileSync(join(folder, name, 'node.pid'), 'utf8'));
  const cgroup = `genwarden-cluster-${process.env['CLUSTER_ID']}-2`;
  const inNetwork = (...command: string[]): Promise<string> =>
    run('nsenter', ['--target', String(pid), '--net', '--', ...command]);
  return {
    name,
    cutPower: (struck) => {
      const parts = sameNetwork(pid, ['kubelet', 'containerd', 'kube-proxy']);
      const pods = podProcesses(cgroup);
      struck();
      for (const part of parts) process.kill(part, 'SIGSTOP');
      for (const one of pods) kill(one);
      return async () => {
        for (const part of parts) process.kill(part, 'SIGCONT');
        await untilReady();
      };
    },
    cutNetwork: async () => {
      await inNetwork('nft', silence);
      return async () => {
        await inNetwork('nft', 'delete table inet cut');
        await untilReady();
      };
    },
    remove: async () => void (await run(script, ['remove-node'])),
  };
}

const silence = `
  add table inet cut
  add chain inet cut in { type filter hook prerouting priority -400; }
  add chain inet cut out { type filter hook postrouting priority 400; }
  add rule inet cut in iifname "eth0" drop
  add rule inet cut out oifname "eth0" drop`;

/** A process may end by itself, with the container whose first process was killed. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

const untilReady = (): Promise<string> => kubectl('wait', `node/${name}`, '--for=condition=Ready', '--timeout=120s');
