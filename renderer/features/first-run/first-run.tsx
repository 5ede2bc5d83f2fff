import type { Out } from '../../app/wire.ts';

export function FirstRun(p: { readonly state: Out['villages']['state']; readonly onFinished: () => void }) {
  return (
    <button type="button" onClick={p.onFinished}>
      {p.state.version}
    </button>
  );
}
