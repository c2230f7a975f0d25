// Changes the settings of a stream that exists. NATS may refuse a change: the stream then keeps what it has, the process
// works with it, and its readiness and log say what is missing.

import type { JetStreamAccountStats, StreamConfig, StreamInfo } from '@nats-io/jetstream';
import { logEvent } from '../../../job/logEvents/index.ts';
import { askApi } from '../jetstream/api.ts';
import { once } from '../jetstream/retry.ts';
import type { NatsLink } from '../link/connection.ts';
import { accountLimit, describeKept, differences, settings, wouldDelete } from './keptSettings.ts';
import type { AccountLimit, Setting, WantedSettings } from './keptSettings.ts';
import { ageChange, logAgeChange } from './lowerAge.ts';

/** Returns the configuration that the stream has now. Throws `Unavailable` if the connection is lost. */
export async function changeStream(link: NatsLink, info: StreamInfo, wanted: WantedSettings): Promise<StreamConfig> {
  const config = { ...info.config };
  const refused = new Set<Setting>();
  for (const setting of differences(config, wanted)) {
    const change = { [setting]: wanted[setting] };
    const deletes = setting === 'max_bytes' && wouldDelete(info, wanted);
    const refusal = deletes ? '' : await refusalOf(link, { ...config, ...change });
    if (refusal === undefined) Object.assign(config, change);
    else {
      refused.add(setting);
      await keep(link, setting, { info, wanted, refusal });
    }
  }
  for (const setting of settings) {
    if (!refused.has(setting)) link.kept.delete(`${wanted.name} ${setting}`);
  }
  return { ...config, ...(await lowerAge(link, { ...info, config }, wanted)) };
}

/** What is refused is tried again later, and is no problem. */
async function lowerAge(link: NatsLink, info: StreamInfo, wanted: WantedSettings): Promise<Partial<StreamConfig>> {
  // The server's time, which the client's type does not have.
  const { ts } = info as StreamInfo & { readonly ts: string };
  const change = ageChange(info.config, wanted, ts);
  if (change === undefined) return {};
  if ((await refusalOf(link, { ...info.config, ...change })) !== undefined) return {};
  logAgeChange(link, info.config, change);
  return change;
}

/** Undefined if NATS has made the change. Each is asked for alone: one that is refused must not hinder the others. */
async function refusalOf(link: NatsLink, config: StreamConfig): Promise<string | undefined> {
  const subject = `STREAM.UPDATE.${config.name}`;
  if (!link.permissions().mayPublish(`${link.apiPrefix}.${subject}`))
    return "this process's NATS user may not change it";
  try {
    await askApi(link, subject, config, once);
    return undefined;
  } catch (error) {
    if (!link.connected()) throw error;
    return (error as Error).message;
  }
}

async function keep(
  link: NatsLink,
  setting: Setting,
  { info, wanted, refusal }: { readonly info: StreamInfo; readonly wanted: WantedSettings; readonly refusal: string },
): Promise<void> {
  const account = await accountOf(link, wanted.num_replicas);
  const { says, advice } = describeKept(setting, { info, wanted, account, refusal });
  const key = `${wanted.name} ${setting}`;
  const text = `${says}. ${advice}`;
  if (link.kept.get(key) === text) return;
  link.kept.set(key, text);
  const fields = { stream: wanted.name, setting, wanted: wanted[setting], keeps: info.config[setting], hint: advice };
  logEvent(link.log, 'stream_setting_kept', fields, says);
}

const unlimited: AccountLimit = { limit: -1, reserved: 0, copies: 1 };

/** An account that cannot be asked counts as having no limit. */
export async function accountOf(link: NatsLink, replicas: number): Promise<AccountLimit> {
  return askApi<JetStreamAccountStats>(link, 'INFO', '', once).then(
    (stats) => accountLimit(stats, replicas),
    () => ({ ...unlimited, copies: replicas }),
  );
}
