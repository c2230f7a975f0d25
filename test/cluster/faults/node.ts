// Sends signals to processes of the node: Kubernetes components and processes in pods. Only of the node in whose network
// namespace the tests run, so that no other process of the machine and no other cluster is affected.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export type NodePart = 'kube-apiserver' | 'kubelet';

/** The PID of a Kubernetes component of this node. Throws if the tests do not run on the node that `make` starts. */
function pidOf(part: NodePart): number {
  const [pid, ...others] = processes().filter((one) => nameOf(one) === part && isOnThisNode(one));
  if (pid === undefined) throw new Error(`no ${part} here: this test needs the node that make test-cluster starts`);
  if (others.length > 0) throw new Error(`several processes named ${part}: ${[pid, ...others].join(', ')}`);
  return pid;
}

/** The process of a pod's container, or of its only container that runs this program. Throws unless there is exactly one. */
export function pidInPod(podUid: string, program?: string): number {
  const isMeant = (name: string): boolean => (program === undefined ? name !== 'pause' : name === program);
  const found = processes().filter((pid) => ownerPodOf(pid).includes(podUid) && isMeant(nameOf(pid)));
  if (found.length !== 1) throw new Error(`pod ${podUid} has the processes ${found.join(', ') || 'none'}`);
  return found[0]!;
}

/** All processes of containers below this cgroup, those of the pods' sandboxes included. */
export const podProcesses = (cgroup: string): number[] =>
  processes().filter((pid) => ownerPodOf(pid).includes(`/${cgroup}/`));

/** The PIDs of the processes of this name in the network of a process. */
export const sameNetwork = (of: number, names: readonly string[]): number[] =>
  processes().filter((pid) => names.includes(nameOf(pid)) && networkOf(pid) === networkOf(of));

/** Suspends a component for a while, as if the machine hung. */
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

/** The path of a pod's cgroup contains its UID; cgroupfs writes it unchanged. */
const ownerPodOf = (pid: number): string => read(() => readFileSync(`/proc/${pid}/cgroup`, 'utf8'));

/** A process may end while it is inspected. */
function read(look: () => string): string {
  try {
    return look();
  } catch {
    return '';
  }
}
