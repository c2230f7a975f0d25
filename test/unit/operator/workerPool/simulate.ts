// Simulates a pool second by second: tasks arrive in bursts, workers take time to start, and the scaler runs every second.
import { longAgo, monotonicFrom } from '../../../../src/job/time.ts';
import {
  desiredReplicas,
  type PastRecommendation,
} from '../../../../src/operator/workerPool/decide/desiredReplicas.ts';
import { scaleIn, type WorkerPod } from '../../../../src/operator/workerPool/decide/scaleIn.ts';

export interface Scene {
  readonly bursts: readonly { readonly at: number; readonly tasks: number }[];
  readonly attemptSeconds: number;
  readonly concurrency: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly startSeconds: number;
}

export interface Outcome {
  /** spec.replicas of the Deployment at the end of each second. */
  readonly replicas: readonly number[];
  readonly tasks: number;
  readonly done: number;
  /** Attempts on workers that were removed while they ran. */
  readonly killed: number;
}

interface Pod {
  readonly name: string;
  readonly readyAt: number;
  cost: number;
  /** When each attempt ends, s. */
  attempts: number[];
}

export function simulate(scene: Scene): Outcome {
  const { bursts, attemptSeconds, concurrency, startSeconds } = scene;
  const tasks = bursts.reduce((sum, burst) => sum + burst.tasks, 0);
  const last = 700 + tasks * attemptSeconds + 200;
  const replicas: number[] = [];
  let pods: Pod[] = [];
  let [queued, done, killed, born, current] = [0, 0, 0, 0, 0];
  let markedAt = longAgo;
  let recommendations: readonly PastRecommendation[] = [];
  for (let second = 0; second < last; second += 1) {
    queued += bursts.reduce((sum, burst) => sum + (burst.at === second ? burst.tasks : 0), 0);
    for (const pod of pods) {
      const left = pod.attempts.filter((end) => end > second);
      done += pod.attempts.length - left.length;
      pod.attempts = left;
      if (pod.readyAt > second) continue;
      while (queued > 0 && pod.attempts.length < concurrency) {
        queued -= 1;
        pod.attempts.push(second + attemptSeconds);
      }
    }
    const running = pods.reduce((sum, pod) => sum + pod.attempts.length, 0);
    const rest = { targetQueueMs: 30_000, concurrency, keySlots: Infinity, paused: false };
    const demand = { queued, running, meanAttemptMs: attemptSeconds * 1_000, ...rest };
    const now = monotonicFrom(second * 1_000);
    const desired = desiredReplicas({ replicas: 1, autoscaling: scene, demand, current, recommendations, now });
    ({ recommendations } = desired);
    const sights = pods.map((pod): WorkerPod => {
      return { name: pod.name, ready: pod.readyAt <= second, cost: pod.cost, tasks: pod.attempts.length };
    });
    const step = scaleIn({ desired, current, pods: sights, rolling: false, markedAt, now });
    for (const { pod, cost } of step.marks) pods.find(({ name }) => name === pod)!.cost = Number(cost ?? 0);
    if (step.marks.length > 0) markedAt = now;
    current = step.replicas;
    replicas.push(current);
    while (pods.length < current) {
      pods.push({ name: `pod-${born}`, readyAt: second + startSeconds, cost: 0, attempts: [] });
      born += 1;
    }
    const order = inOrderOfDeletion(pods, second);
    const gone = order.slice(0, pods.length - current);
    killed += gone.reduce((sum, pod) => sum + pod.attempts.length, 0);
    pods = pods.filter((pod) => !gone.includes(pod));
  }
  return { replicas, tasks, done, killed };
}

/** The deletion order of the ReplicaSet: pods that are not ready, then by cost, then the newest. */
function inOrderOfDeletion(pods: readonly Pod[], second: number): Pod[] {
  return pods.toSorted((a, b) => {
    const [aReady, bReady] = [a.readyAt <= second, b.readyAt <= second];
    if (aReady !== bReady) return aReady ? 1 : -1;
    return a.cost - b.cost || b.readyAt - a.readyAt;
  });
}
