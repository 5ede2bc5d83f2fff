import { i18n } from '@lingui/core';
import { I18nProvider, useLingui } from '@lingui/react';
import { QueryClientProvider } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { I18nProvider as AriaI18nProvider } from 'react-aria-components';
import { Route, Router, Switch } from 'wouter';
import { useHashLocation } from 'wouter/use-hash-location';
import { followChanges } from './changes.ts';
import { type Console, ConsoleProvider, createQueryClient } from './console-context.tsx';
import { Gate } from './gate.tsx';
import { Routes } from './routes.tsx';
import { Shell } from './shell.tsx';

const Gallery = lazy(() => import('../features/gallery/gallery.tsx').then((m) => ({ default: m.Gallery })));

export function App({ console: value }: { readonly console: Console }) {
  return (
    <I18nProvider i18n={i18n}>
      <AriaLocale>
        <Router hook={useHashLocation}>
          <Switch>
            <Route path="/gallery/*?">
              <Suspense fallback={null}>
                <Gallery />
              </Suspense>
            </Route>
            <Route>
              <ConsoleRoot console={value}>
                <Gate>
                  <Shell>
                    <Routes />
                  </Shell>
                </Gate>
              </ConsoleRoot>
            </Route>
          </Switch>
        </Router>
      </AriaLocale>
    </I18nProvider>
  );
}

function AriaLocale({ children }: { readonly children: ReactNode }) {
  return <AriaI18nProvider locale={useLingui().i18n.locale}>{children}</AriaI18nProvider>;
}

function ConsoleRoot({ console: value, children }: { readonly console: Console; readonly children: ReactNode }) {
  const [queries] = useState(createQueryClient);
  useEffect(() => followChanges(value.client, queries), [value, queries]);
  return (
    <ConsoleProvider value={value}>
      <QueryClientProvider client={queries}>{children}</QueryClientProvider>
    </ConsoleProvider>
  );
}
