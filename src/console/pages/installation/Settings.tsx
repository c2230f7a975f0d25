// The settings of the API's process with their sources. Secrets are masked by the API.

import { useState } from 'preact/hooks';
import type { Setting } from '../../../client/index.ts';
import { api, tenant } from '../../api/client.ts';
import { Loaded } from '../../components/Loaded.tsx';
import { Words } from '../../components/Words.tsx';
import { counted } from '../../format.ts';
import { usePoll } from '../../live/poll.ts';
import { groupSettings, shortSource } from './settings.ts';

/** They change only with a restart of the API. */
const everyMs = 60_000;

export function Settings() {
  const polled = usePoll((signal) => api.settings({ signal }), everyMs, tenant.value);
  const [search, setSearch] = useState('');
  return (
    <section class="stack" aria-labelledby="settings">
      <div class="row spread">
        <h2 id="settings">Settings of the API</h2>
        <input
          type="search"
          aria-label="Search settings"
          placeholder="Search settings"
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
      </div>
      <Loaded polled={polled} what="the settings">
        {(settings) => <Found settings={settings} search={search} />}
      </Loaded>
    </section>
  );
}

function Found({ settings, search }: { settings: readonly Setting[]; search: string }) {
  const { set, defaults } = groupSettings(settings, search);
  return (
    <>
      {set.length > 0 ? (
        <SettingsTable settings={set} caption="Settings that are set" />
      ) : (
        <p class="muted">{search === '' ? 'No setting is set.' : 'No setting that is set matches.'}</p>
      )}
      {defaults.length === 0 ? null : (
        <details open={search !== ''}>
          <summary>{counted(defaults.length, 'setting')} with the default value</summary>
          <SettingsTable settings={defaults} caption="Settings with their default values" />
        </details>
      )}
    </>
  );
}

function SettingsTable({ settings, caption }: { settings: readonly Setting[]; caption: string }) {
  return (
    <table class="installation-table">
      <caption class="heard">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">Setting</th>
          <th scope="col">Value</th>
          <th scope="col">Source</th>
          <th scope="col">Meaning</th>
        </tr>
      </thead>
      <tbody>
        {settings.map(({ name, value, source, description }) => (
          <tr key={name}>
            <th scope="row" class="mono">
              {name}
            </th>
            <td class="mono">{value ?? <span class="muted">unset</span>}</td>
            <td data-label="Source">{shortSource(source, name)}</td>
            <td class="muted">
              <Words text={description} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
