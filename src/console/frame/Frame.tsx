// What surrounds every page.

import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Notices } from '../components/Notices.tsx';
import { useKeys } from '../components/useKeys.ts';
import { activity } from '../live/activity.ts';
import { startEvents, stopEvents } from '../live/events.ts';
import { sessionEnded } from '../api/client.ts';
import { can } from '../api/session.ts';
import { watchSession } from '../api/watchSession.ts';
import { ExpiredDialog } from '../pages/signIn/ExpiredDialog.tsx';
import { Header } from './Header.tsx';
import { KeysDialog } from './KeysDialog.tsx';
import { Rail } from './Rail.tsx';
import { StandInBanner } from './StandInBanner.tsx';
import { useTenantInAddress } from './tenantLinks.ts';

export function Frame({ children }: { children: ComponentChildren }) {
  const [showsKeys, setShowsKeys] = useState(false);
  useKeys({ '?': () => setShowsKeys(true) });
  useTenantInAddress();
  useEffect(watchSession, []);
  useEffect(() => {
    if (!can('jobs:read')) return undefined;
    startEvents();
    const stop = activity.start();
    return () => {
      stopEvents();
      stop();
    };
  }, []);
  return (
    <div class="frame">
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Rail />
      <div class="frame-body">
        <Header onKeys={() => setShowsKeys(true)} />
        <StandInBanner />
        <main id="main" tabIndex={-1}>
          {children}
        </main>
      </div>
      <Notices />
      {sessionEnded.value ? <ExpiredDialog /> : null}
      {showsKeys ? <KeysDialog onClose={() => setShowsKeys(false)} /> : null}
    </div>
  );
}
