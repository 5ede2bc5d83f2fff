import { Plural, Trans } from '@lingui/react/macro';

type Standing =
  | { readonly state: 'local' }
  | { readonly state: 'peers'; readonly count: number }
  | { readonly state: 'queued' }
  | { readonly state: 'anchored'; readonly block: number };

/** How far a record has come: only here, with others, waiting for the chain, or final on it. */
export function StandingText({ standing }: { readonly standing: Standing }) {
  switch (standing.state) {
    case 'local':
      return <Trans>only on this laptop</Trans>;
    case 'peers':
      return <Plural value={standing.count} one="on # other" other="on # others" />;
    case 'queued':
      return <Trans>waits for the chain</Trans>;
    case 'anchored':
      return <Trans>final on the chain</Trans>;
  }
}
