// The node's own processes, as signals reach them: the parts of Kubernetes, and what runs in a pod. Only of the node in whose
// network namespace the tests run, so nothing of the machine, and of no other cluster, is ever hit.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export type NodePart = 'kube-apiserver' | 'kubelet';

/** The pid of a part of this node's Kubernetes. Throws where the tests do not run on the node that `make` starts. */
function pidOf(part: NodePart): number {
  const [pid, ...others] = processes().filter((one) => nameOf(one) === part && isOnThisNode(one));
  if (pid === undefined) throw new Error(`no ${part} here: this test needs the node that make test-cluster starts`);
  if (others.length > 0) throw new Error(`several processes named ${part}: ${[pid, ...others].join(', ')}`);
  return pid;
}

/** The Node.js process of a pod's container; throws where there is not exactly one. */
export function pidInPod(podUid: string): number {
  const found = processes().filter((pid) => ownerPodOf(pid).includes(podUid) && nameOf(pid) !== 'pause');
  if (found.length !== 1) throw new Error(`pod ${podUid} has the processes ${found.join(', ') || 'none'}`);
  return found[0]!;
}

/** Stops a part for a while, as a machine that hangs does, and lets it go on. */
export async function stopFor(part: NodePart, ms: number): Promise<void> {
  const pid = pidOf(part);
  process.kill(pid, 'SIGSTOP');
  try {
    await new Promise((resolve) => setTimeout(resolve, ms));
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

const processes = (): number[] => readdirSync('/proc').map(Number).filter(Number.isInteger);

const nameOf = (pid: number): string => read(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim());
const networkOf = (pid: number | 'self'): string => read(() => readlinkSync(`/proc/${pid}/ns/net`));
const isOnThisNode = (pid: number): boolean => networkOf(pid) === networkOf('self');

/** The control group of a pod has its uid in its path; cgroupfs writes it as it is. */
const ownerPodOf = (pid: number): string => read(() => readFileSync(`/proc/${pid}/cgroup`, 'utf8'));

/** A process may end while it is looked at. */
function read(look: () => string): string {
  try {
    return look();
  } catch {
    return '';
  }
}
