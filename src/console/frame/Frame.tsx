// What surrounds every page.

import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Notices } from '../components/Notices.tsx';
import { useKeys } from '../components/useKeys.ts';
import { activity } from '../live/activity.ts';
import { startEvents, stopEvents } from '../live/events.ts';
import { Header } from './Header.tsx';
import { KeysDialog } from './KeysDialog.tsx';
import { Rail } from './Rail.tsx';
import { StandInBanner } from './StandInBanner.tsx';

export function Frame({ children }: { children: ComponentChildren }) {
  const [showsKeys, setShowsKeys] = useState(false);
  useKeys({ '?': () => setShowsKeys(true) });
  useEffect(() => {
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
      {showsKeys ? <KeysDialog onClose={() => setShowsKeys(false)} /> : null}
    </div>
  );
}
