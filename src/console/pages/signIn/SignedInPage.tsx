// The address of the sign-in for a user who has one: the way back to the page that was asked for.

import { useLocation } from 'preact-iso';
import { useEffect } from 'preact/hooks';
import { base, pathTo } from '../../base.ts';
import { askedFor } from './returnTo.ts';

export function SignedInPage() {
  const { route } = useLocation();
  useEffect(() => {
    route(pathTo(askedFor(location, base)), true);
  }, []);
  return null;
}
