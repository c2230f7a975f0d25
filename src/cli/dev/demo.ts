// `genwarden demo`: a picture from end to end, then a provider that hangs, each as a job of a real installation that lives
// for a minute in this process and leaves nothing behind but the pictures.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { GenwardenClient, type Job } from '../../client/index.ts';
import { loadSettings } from '../../config/load.ts';
import type { Settings } from '../../config/settings.ts';
import { startStandin } from '../../standin/standin.ts';
import { createLogger } from '../../telemetry/log.ts';
import { downloadJob } from '../client/downloadJob.ts';
import { watchJobs } from '../client/watchJobs.ts';
import { Closing } from '../closing.ts';
import { exitCodes } from '../exitCodes.ts';
import { stopSignal } from '../signals.ts';
import { startStack, withStandin, type Stack } from './stack.ts';

const photograph = new URL('../../../examples/front-yard.jpg', import.meta.url);

/** Runs the demonstration and saves its picture below `folder`; sets the exit code to 1 where it did not go as it should. */
export async function runDemo(folder: string): Promise<void> {
  const stop = stopSignal();
  const closing = new Closing();
  try {
    const stack = await startDemoStack(closing, stop.signal);
    const client = new GenwardenClient({ url: stack.url });
    const asShown = (await makePicture(client, stack, resolve(folder))) && (await seeItHang(client));
    process.exitCode = asShown ? exitCodes.done : exitCodes.jobFailed;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.exitCode = 130;
  } finally {
    await closing.close();
    stop.dispose();
  }
}
