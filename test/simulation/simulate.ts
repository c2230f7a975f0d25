// One run from one seed: a whole installation starts, the nemesis injects faults, then stops, and every promise must hold.
// The same seed gives the same run.

import { rules } from '../../src/job/rules/decide.ts';
import type { Rule } from '../../src/job/rules/rule.ts';
import { Installation, pool, poolName, sparePool, sparePoolName } from './installation.ts';
import { CallChecks } from './checks/calls.ts';
import { PeriodicChecks } from './checks/periodic.ts';
import { MessageChecks, type Violation } from './checks/messages.ts';
import { checkTurns } from './checks/turns.ts';
import { Clients } from './clients.ts';
import { History } from './history.ts';
import { Nemesis } from './nemesis.ts';
import { planOf, type Plan, type ProviderFault } from './plan.ts';
import { SimulatedProvider } from './provider.ts';
import { ProviderNemesis } from './providerNemesis.ts';
import { Server, type Seams } from './server.ts';
import { Process } from './time/process.ts';
import { Random } from './time/random.ts';
import { Schedule } from './time/schedule.ts';
import { installVirtualTime } from './time/timers.ts';

export interface SimulateOptions {
  readonly seams?: Seams & {
    readonly without?: Rule;
    /** A rule, and what takes its place. */
    readonly replaced?: readonly [Rule, Rule];
  };
  /** Replaces the kind that the seed draws. */
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
  /** What the nemesis did to the provider, and how often. */
  readonly providerFaults: ReadonlyMap<ProviderFault, number>;
  /** ms of virtual time. */
  readonly lasted: number;
  /** Equal for equal runs. */
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
  const messageChecks = new MessageChecks(
    server,
    history,
    plan,
    () => nemesis,
    () => callChecks,
  );
  const provider = new SimulatedProvider(plan, random.fork('provider'), schedule);
  const violate = messageChecks.violate.bind(messageChecks);
  checkTurns(server, violate);
  const logged = traced ? (process: string, line: string) => noteLine(history, process, line) : undefined;
  const installation = new Installation({
    plan,
    random: random.fork('cast'),
    server,
    provider,
    onWritten: messageChecks.onWritten,
    violate,
    logged,
  });
  const nemesis = new Nemesis({ plan, random: random.fork('nemesis'), server, installation, history });
  const callChecks = new CallChecks({
    plan,
    server,
    nemesis,
    installation,
    violate,
    checkCall: (call) => messageChecks.checkCall(call),
  });
  provider.listener = callChecks;
  const providerNemesis = new ProviderNemesis({
    plan,
    random: random.fork('provider nemesis'),
    process: server.process,
    state: provider.state,
    installation,
    history,
  });
  const process = new Process({ name: 'clients', schedule, random: random.fork('timers of clients') });
  const clients = new Clients({ plan, random: random.fork('clients'), installation, process, history, violate });
  const periodicChecks = new PeriodicChecks({
    plan,
    server,
    installation,
    nemesis,
    messageChecks,
    provider,
    callChecks,
  });
  const broken = (): boolean => messageChecks.violation !== undefined;
  const setup = { plan, server, installation, random: random.fork('stage') };
  const restoreRules = changeRules(seams);
  try {
    server.process.enter(() => setUp(setup));
    clients.begin();
    nemesis.begin();
    providerNemesis.begin();
    periodicChecks.begin();
    await schedule.run(plan.faultsUntil, broken);
    clients.stop();
    provider.calm = true;
    nemesis.stop();
    providerNemesis.stop();
    periodicChecks.calm();
    const finished = (): boolean => clients.busy === 0 && periodicChecks.done();
    const end = schedule.now + longest;
    crashOneLast(setup);
    await schedule.run(end, () => broken() || (schedule.now > plan.faultsUntil + 5_000 && finished()));
    // Followers still receive the last messages.
    await schedule.run(schedule.now + 5_000, broken);
    if (!broken()) await periodicChecks.conclude(clients.jobs);
  } finally {
    restoreRules();
  }
  const { violation, messages } = messageChecks;
  const digest = [
    messageChecks.digest,
    messages,
    provider.calls.length,
    schedule.eventCount,
    Math.round(schedule.now),
  ].join('.');
  const { calls } = provider;
  const { injected: providerFaults } = providerNemesis;
  return {
    seed,
    plan,
    violation,
    history,
    messages,
    calls: calls.length,
    providerFaults,
    lasted: schedule.now,
    digest,
  };
}

interface Setup {
  readonly plan: Plan;
  readonly server: Server;
  readonly installation: Installation;
  readonly random: Random;
}

/** Starts all processes; each that ends is replaced a while later. */
function setUp({ plan, server, installation, random }: Setup): void {
  void server.pools.declare(pool);
  void server.queue.ensurePool(poolName);
  if (plan.spareWorkers > 0) {
    void server.pools.declare(sparePool);
    void server.queue.ensurePool(sparePoolName);
  }
  const keep = (start: () => { process: Process }): void => {
    const { process } = server.process.enter(start);
    process.onEnd(() => server.process.after(random.pick([100, 2_000, 15_000]) * random.next(), () => keep(start)));
  };
  for (let count = 0; count < plan.controllers; count += 1) keep(() => installation.startController());
  for (let count = 0; count < plan.apis; count += 1) keep(() => installation.startApi());
  for (let count = 0; count < plan.workers; count += 1) keep(() => installation.startWorker());
  for (let count = 0; count < plan.spareWorkers; count += 1) keep(() => installation.startWorker(sparePoolName));
}

/** Crashes one last worker after all other faults: its loss must be noticed without any other event. */
function crashOneLast({ plan, installation, random }: Setup): void {
  if (plan.kind === 'natsAway') return;
  const busy = installation.workers.filter(({ worker }) => worker.running() > 0);
  if (busy.length > 0 && random.chance(0.3)) random.pick(busy).process.end();
}

function changeRules({ without, replaced }: NonNullable<SimulateOptions['seams']>): () => void {
  const rule = without ?? replaced?.[0];
  if (rule === undefined) return () => undefined;
  const all = rules as Rule[];
  const at = all.indexOf(rule);
  const by = replaced === undefined ? [] : [replaced[1]];
  all.splice(at, 1, ...by);
  return () => void all.splice(at, by.length, rule);
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
