// The commands that call the API, one file each.

import type { Command } from 'commander';
import { processIo, type Io } from '../output/io.ts';
import { addCancel } from './cancel.ts';
import { addDoctor } from './doctor.ts';
import { addDownload } from './download.ts';
import { addExplain } from './explain.ts';
import { addGet } from './get.ts';
import { addLink } from './link.ts';
import { addList } from './list.ts';
import { addPause, addResume } from './pause.ts';
import { addPools } from './pools.ts';
import { addRetry } from './retry.ts';
import { addReview } from './review.ts';
import { addStuck } from './stuck.ts';
import { addSubmit } from './submit/index.ts';
import { addTop } from './top/index.ts';
import { addWatch } from './watch/index.ts';
import { addWebhooks } from './webhooks.ts';
import { addWorkers } from './workers.ts';

/** `doctor`: adds that command; in a cluster it sees more. */
export function addClientCommands(program: Command, io: Io = processIo(), doctor = addDoctor): void {
  addSubmit(program, io);
  addGet(program, io);
  addList(program, io);
  addWatch(program, io);
  addCancel(program, io);
  addRetry(program, io);
  addReview(program, io);
  addDownload(program, io);
  addLink(program, io);
  addWorkers(program, io);
  addTop(program, io);
  addPools(program, io);
  addExplain(program, io);
  addStuck(program, io);
  doctor(program, io);
  addPause(program, io);
  addResume(program, io);
  addWebhooks(program, io);
}
