// The pages by their addresses.

import { LocationProvider, Route, Router } from 'preact-iso';
import { can, isSignedIn, session } from './api/session.ts';
import { pathTo } from './base.ts';
import { Frame } from './frame/Frame.tsx';
import { Page } from './frame/Page.tsx';
import { InstallationPage } from './pages/installation/InstallationPage.tsx';
import { JobPage } from './pages/job/JobPage.tsx';
import { JobsPage } from './pages/jobs/JobsPage.tsx';
import { NewJobPage } from './pages/create/NewJobPage.tsx';
import { PoolsPage } from './pages/pools/PoolsPage.tsx';
import { ReviewPage } from './pages/review/ReviewPage.tsx';
import { NoRightsPage } from './pages/signIn/NoRightsPage.tsx';
import { SignedInPage } from './pages/signIn/SignedInPage.tsx';
import { SignInPage } from './pages/signIn/SignInPage.tsx';
import { StuckPage } from './pages/stuck/StuckPage.tsx';
import { WorkersPage } from './pages/workers/WorkersPage.tsx';

export function App() {
  if (session.value === undefined) return null;
  if (!isSignedIn.value) return <SignInPage />;
  return (
    <LocationProvider>
      <Frame>{can('jobs:read') ? <Pages /> : <PagesWithoutReading />}</Frame>
    </LocationProvider>
  );
}

function Pages() {
  return (
    <Router>
      <Route path={pathTo('/')} component={JobsPage} />
      <Route path={pathTo('/jobs')} component={JobsPage} />
      <Route path={pathTo('/jobs/:id')} component={JobPage} />
      <Route path={pathTo('/new')} component={NewJobPage} />
      <Route path={pathTo('/review')} component={ReviewPage} />
      <Route path={pathTo('/pools')} component={PoolsPage} />
      <Route path={pathTo('/workers')} component={WorkersPage} />
      <Route path={pathTo('/stuck')} component={StuckPage} />
      <Route path={pathTo('/installation')} component={InstallationPage} />
      <Route path={pathTo('/sign-in')} component={SignedInPage} />
      <Route default component={NoPage} />
    </Router>
  );
}

function PagesWithoutReading() {
  return (
    <Router>
      <Route path={pathTo('/new')} component={NewJobPage} />
      <Route default component={NoRightsPage} />
    </Router>
  );
}

function NoPage() {
  return (
    <Page title="There is no such page">
      <p>
        <a href={pathTo('/')}>To the jobs</a>
      </p>
    </Page>
  );
}
