import { QueryClientProvider } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Route, Router, Switch } from 'wouter';
import { ConsoleProvider, createQueryClient } from '../../app/console-context.tsx';
import { Gate } from '../../app/gate.tsx';
import { Routes } from '../../app/routes.tsx';
import { Shell } from '../../app/shell.tsx';
import { createFixtureConsole, FIXTURE_MODES, type FixtureMode } from './fixture-core.ts';
import { Kit } from './kit.tsx';

/** Every state of the kit and of each screen, from fixtures: `#/gallery`, `#/gallery/ready/meters`. */
export function Gallery() {
  return (
    <Router base="/gallery">
      <Switch>
        {FIXTURE_MODES.map((mode) => (
          <Route key={mode} path={`/${mode}/*?`}>
            <Router base={`/${mode}`}>
              <FixtureConsole mode={mode} />
            </Router>
          </Route>
        ))}
        <Route component={Kit} />
      </Switch>
    </Router>
  );
}

function FixtureConsole({ mode }: { readonly mode: FixtureMode }) {
  const value = useMemo(() => createFixtureConsole(mode), [mode]);
  const queries = useMemo(() => createQueryClient(), []);
  return (
    <ConsoleProvider value={value}>
      <QueryClientProvider client={queries}>
        <Gate>
          <Shell>
            <Routes />
          </Shell>
        </Gate>
      </QueryClientProvider>
    </ConsoleProvider>
  );
}
