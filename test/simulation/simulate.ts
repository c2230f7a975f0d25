// One run from one seed: a stage is set, the nemesis does what it may, then relents, and everything that was promised
// must come true. The same seed is the same run.

import { rules } from '../../src/job/rules/decide.ts';
import type { Rule } from '../../src/job/rules/rule.ts';
import { Cast, pool, poolName } from './cast.ts';
import { Patrol } from './checks/patrol.ts';
import { Watcher, type Violation } from './checks/watcher.ts';
import { Clients } from './clients.ts';
import { History } from './history.ts';
import { Nemesis } from './nemesis.ts';
import { planOf, type Plan } from './plan.ts';
import { SimulatedProvider } from './provider.ts';
import { Server, type Seams } from './server.ts';
import { Process } from './time/process.ts';
import { Random } from './time/random.ts';
import { Schedule } from './time/schedule.ts';
import { installVirtualTime } from './time/timers.ts';

export interface SimulateOptions {
  readonly seams?: Seams & { readonly without?: Rule };
  /** Of this kind, whatever the seed says. */
  readonly kind?: Plan['kind'];
  /** Keeps the history. */
  readonly traced?: boolean;
}

export interface Run {
  readonly seed: number;
  readonly plan: Plan;
  readonly violation: Violation | undefined;
  readonly history: History;
  readonly messages: number;
  readonly calls: number;
  /** ms of virtual time. */
  readonly lasted: number;
  /** The same for the same run. */
  readonly digest: string;
}

/** ms that the last job may take after the last fault; every budget is far below it. */
const longest = 900_000;

export async function simulate(seed: number, { seams = {}, kind, traced = false }: SimulateOptions = {}): Promise<Run> {
  installVirtualTime();
  const random = new Random(String(seed));
  const schedule = new Schedule();
  const plan = planOf(seed, random.fork('plan'), kind);
  const history = new History(traced, () => schedule.now);
  const server = new Server(schedule, random.fork('server'), plan, seams);
  const watcher = new Watcher(server, history, plan, () => nemesis);
  const provider = new SimulatedProvider(plan, random.fork('provider'), schedule);
  const violate = watcher.violate.bind(watcher);
  const logged = traced ? (process: string, line: string) => noteLine(history, process, line) : undefined;
  const cast = new Cast({
    plan,
    random: random.fork('cast'),
    server,
    provider,
    witness: watcher.witness,
    violate,
    logged,
  });
  const nemesis = new Nemesis({ plan, random: random.fork('nemesis'), server, cast, history });
  const process = new Process({ name: 'clients', schedule, random: random.fork('timers of clients') });
  const clients = new Clients({ plan, random: random.fork('clients'), cast, process, history, violate });
  const patrol = new Patrol({ plan, server, cast, nemesis, watcher, provider });
  const broken = (): boolean => watcher.violation !== undefined;
  const stage = { plan, server, cast, random: random.fork('stage') };
  const restoreRules = removeRule(seams.without);
  try {
    server.process.enter(() => setUp(stage));
    clients.begin();
    nemesis.begin();
    patrol.begin();
    await schedule.run(plan.restless, broken);
    clients.stop();
    provider.calm = true;
    nemesis.relent();
    patrol.calm();
    const finished = (): boolean => clients.busy === 0 && patrol.done();
    const end = schedule.now + longest;
    endWell(stage);
    await schedule.run(end, () => broken() || (schedule.now > plan.restless + 5_000 && finished()));
    // The last messages reach whoever follows.
    await schedule.run(schedule.now + 5_000, broken);
    if (!broken()) await patrol.conclude(clients.jobs);
  } finally {
    restoreRules();
  }
  const { violation, messages } = watcher;
  const digest = [watcher.digest, messages, provider.calls.length, schedule.happened, Math.round(schedule.now)].join(
    '.',
  );
  return { seed, plan, violation, history, messages, calls: provider.calls.length, lasted: schedule.now, digest };
}

interface Stage {
  readonly plan: Plan;
  readonly server: Server;
  readonly cast: Cast;
  readonly random: Random;
}

/** Everybody who ends is replaced a while later. */
function setUp({ plan, server, cast, random }: Stage): void {
  void server.pools.declare(pool);
  void server.queue.ensurePool(poolName);
  const keep = (start: () => { process: Process }): void => {
    const { process } = server.process.enter(start);
    process.onEnd(() => server.process.after(random.pick([100, 2_000, 15_000]) * random.next(), () => keep(start)));
  };
  for (let count = 0; count < plan.controllers; count += 1) keep(() => cast.startController());
  for (let count = 0; count < plan.apis; count += 1) keep(() => cast.startApi());
  for (let count = 0; count < plan.workers; count += 1) keep(() => cast.startWorker());
}

/** One last crash once all else is well: its tasks must be noticed without any other fault. */
function endWell({ plan, cast, random }: Stage): void {
  if (plan.kind === 'natsAway') return;
  const busy = cast.workers.filter(({ worker }) => worker.running() > 0);
  if (busy.length > 0 && random.chance(0.3)) random.pick(busy).process.end();
}

function removeRule(rule: Rule | undefined): () => void {
  if (rule === undefined) return () => undefined;
  const all = rules as Rule[];
  const at = all.indexOf(rule);
  all.splice(at, 1);
  return () => void all.splice(at, 0, rule);
}

interface LogLine {
  readonly msg: string;
  readonly job?: string;
  readonly task?: number;
  readonly err?: { readonly message?: string };
}

function noteLine(history: History, process: string, line: string): void {
  const { msg, job, task = 0, err } = JSON.parse(line) as LogLine;
  const about = job === undefined ? undefined : `${job}/${task}`;
  history.note(process, () => `${msg}${err === undefined ? '' : `: ${err.message}`}`, about);
}
