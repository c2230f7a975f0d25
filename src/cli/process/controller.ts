// The controller process: follows the stream and the heartbeats, and moves tasks while it leads.

import { hostname } from 'node:os';
import {
  natsClock,
  natsHeartbeats,
  natsJobLog,
  natsLeadership,
  natsPoolRegistry,
  natsTaskQueue,
} from '../../adapters/nats/index.ts';
import type { Settings } from '../../config/settings.ts';
import { startController } from '../../controller/controller.ts';
import { startFollower } from '../../readmodel/follower.ts';
import { createControllerMetrics } from '../../telemetry/metrics.ts';
import { openHull } from './hull.ts';
import { processName } from './processName.ts';
import { neverFinished, type StartedProcess } from './started.ts';

export async function startControllerProcess(settings: Settings, signal: AbortSignal): Promise<StartedProcess> {
  const name = processName('controller', hostname());
  const hull = await openHull('controller', name, settings, signal);
  return { close: () => hull.closing.close(), finished: neverFinished };
}
