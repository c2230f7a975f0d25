// The settings of a stream that may change while it exists: what differs from the configuration, and what to say when NATS
// does not apply it.

import type { JetStreamAccountStats, StreamConfig, StreamInfo } from '@nats-io/jetstream';
import { millis } from '@nats-io/transport-node';
import { limitText } from '../../../job/duration.ts';
import { sizeText } from '../../../job/sizeText.ts';

export const settings = ['max_age', 'num_replicas', 'max_bytes', 'max_msg_size'] as const;
export type Setting = (typeof settings)[number];

export type WantedSettings = Pick<StreamConfig, 'name' | 'max_age' | 'num_replicas'> & {
  /** Undefined: any limit will do. */
  readonly max_bytes?: number;
  readonly max_msg_size: number;
};

/** A setting that the stream keeps, although the configuration has another. */
export interface KeptSetting {
  readonly setting: Setting;
  readonly says: string;
  readonly advice: string;
}

/** File storage of the account, bytes. */
export interface AccountLimit {
  /** -1: no limit. */
  readonly limit: number;
  /** Of all streams together. */
  readonly reserved: number;
  /** How often a stream of several replicas counts. */
  readonly copies: number;
}

/** Accounts with tiers have a limit for each number of replicas, against which a stream counts once. */
export function accountLimit(stats: JetStreamAccountStats, replicas: number): AccountLimit {
  const tier = stats.tiers?.[`R${replicas}`] as Partial<JetStreamAccountStats> | undefined;
  return {
    limit: (tier?.limits ?? stats.limits).max_storage,
    reserved: tier?.reserved_storage ?? stats.reserved_storage ?? 0,
    copies: tier === undefined ? replicas : 1,
  };
}

/** Retention and replicas are only raised; `ageChange` lowers the retention later. */
export function differences(found: StreamConfig, wanted: WantedSettings): Setting[] {
  const isShorter = found.max_age !== 0 && (wanted.max_age === 0 || found.max_age < wanted.max_age);
  return [
    ...(isShorter ? (['max_age'] as const) : []),
    ...(found.num_replicas < wanted.num_replicas ? (['num_replicas'] as const) : []),
    ...(found.max_msg_size > 0 ? (['max_msg_size'] as const) : []),
    ...(wanted.max_bytes !== undefined && found.max_bytes !== wanted.max_bytes ? (['max_bytes'] as const) : []),
  ];
}

/** The server enforces a limit below what is stored by deleting the oldest messages. */
export const wouldDelete = ({ state }: StreamInfo, { max_bytes }: WantedSettings): boolean =>
  max_bytes !== undefined && max_bytes <= state.bytes;

/** The largest limit of a new stream that the account has room for, with a tenth to spare; undefined without a limit. */
export function largestLimit({ limit, reserved, copies }: AccountLimit): number | undefined {
  return limit <= 0 ? undefined : Math.floor((0.9 * Math.max(0, limit - reserved)) / copies);
}

export interface Circumstances {
  readonly info: StreamInfo;
  readonly wanted: WantedSettings;
  readonly account: AccountLimit;
  /** What NATS answered; undefined in a process that did not ask. */
  readonly refusal: string | undefined;
}

const seeController = 'the controller has not applied it; its log says why';

export function describeKept(setting: Setting, { info, wanted, account, refusal }: Circumstances): KeptSetting {
  const { config } = info;
  const why = refusal === undefined ? seeController : `NATS refused the change (${refusal})`;
  switch (setting) {
    case 'max_age': {
      const [found, needed] = [config.max_age, wanted.max_age].map((age) =>
        age === 0 ? 'ever' : limitText(millis(age)),
      );
      const says = `${wanted.name} keeps messages for ${found}, but GENWARDEN_RETENTION needs ${needed}: ${why}`;
      return { setting, says, advice: `Raise max_age with \`nats stream edit ${wanted.name}\`.` };
    }
    case 'num_replicas': {
      const says = `${wanted.name} has ${copies(config.num_replicas)} of each message, but GENWARDEN_NATS_REPLICAS is ${wanted.num_replicas}: ${why}`;
      const advice = `Run NATS as a cluster of at least ${wanted.num_replicas} servers with room for the stream, or lower GENWARDEN_NATS_REPLICAS.`;
      return { setting, says, advice };
    }
    case 'max_msg_size': {
      const says = `${wanted.name} takes no message of more than ${sizeText(config.max_msg_size)}, so larger jobs and results fail: ${why}`;
      return { setting, says, advice: `Set max_msg_size to -1 with \`nats stream edit ${wanted.name}\`.` };
    }
    case 'max_bytes':
      return { setting, ...describeLimit(wanted.max_bytes!, { info, wanted, account, refusal }) };
    default:
      return setting satisfies never;
  }
}

const copies = (count: number): string => (count === 1 ? 'one copy' : `${count} copies`);

function describeLimit(bytes: number, { info, wanted, account, refusal }: Circumstances): Omit<KeptSetting, 'setting'> {
  const { config, state } = info;
  const kept = config.max_bytes > 0 ? `keeps its limit of ${sizeText(config.max_bytes)}` : 'keeps no limit';
  const start = `${wanted.name} ${kept}, but GENWARDEN_NATS_MAX_BYTES is ${sizeText(bytes)}`;
  if (bytes <= state.bytes) {
    return {
      says: `${start}: it already holds more, and would delete its oldest messages`,
      advice: 'Raise GENWARDEN_NATS_MAX_BYTES, or delete jobs.',
    };
  }
  const { limit, reserved } = account;
  const needed = bytes * account.copies;
  const times = account.copies === 1 ? '' : ` for ${account.copies} replicas`;
  // Of streams with replicas, NATS reports one copy only.
  const others = Math.max(0, reserved - Math.max(0, config.max_bytes));
  const beside = others === 0 ? '' : `, of which other streams reserve at least ${sizeText(others)}`;
  const allowed = limit > 0 ? `, and the NATS account allows ${sizeText(limit)}${beside}` : '';
  const says = `${start}: that needs ${sizeText(needed)}${times}${allowed}`;
  if (limit > 0 && needed > limit - others) {
    const most = Math.max(0, Math.floor((limit - others) / account.copies));
    const advice = `Set it (chart: nats.streamMaxBytes) to at most ${sizeText(most).replace(' ', '')}, or raise the account's max_file to ${sizeText(needed + others)}.`;
    return { says, advice };
  }
  return {
    says: `${says}; ${refusal === undefined ? seeController : `NATS refused it (${refusal})`}`,
    advice:
      'Lower it (chart: nats.streamMaxBytes), or raise the storage of the NATS account (max_file) or servers (max_file_store, and the size of their volumes).',
  };
}
