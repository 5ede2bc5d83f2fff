import { useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Autocomplete, Input, Label, Menu, MenuItem, SearchField, useFilter } from 'react-aria-components';
import { useLocation } from 'wouter';
import { classNames } from '../ui/class-names.ts';
import { Dialog } from '../ui/dialog.tsx';
import { useApi } from './console-context.tsx';
import s from './palette.module.css';
import { SCREENS } from './places.ts';
import { useVillage, useVillages } from './village-context.tsx';

interface Entry {
  readonly id: string;
  readonly text: string;
  readonly kind: string;
  readonly run: () => void;
}

/** Find a member, a meter or a screen, or do something, by typing. */
export function Palette({ onClose }: { readonly onClose: () => void }) {
  const { t } = useLingui();
  const { contains } = useFilter({ sensitivity: 'base' });
  const entries = useEntries();
  return (
    <Dialog title={t`Find or do`} open onClose={onClose}>
      <Autocomplete filter={contains}>
        <SearchField className={classNames(s['search'])} autoFocus>
          <Label>{t`A name, a screen or an action`}</Label>
          <Input />
        </SearchField>
        <Menu
          className={classNames(s['list'])}
          aria-label={t`Found`}
          items={entries}
          onAction={(key) => {
            onClose();
            entries.find((e) => e.id === key)?.run();
          }}
        >
          {(e) => (
            <MenuItem id={e.id} textValue={e.text} className={classNames(s['item'])}>
              <span>{e.text}</span>
              <span className={s['kind']}>{e.kind}</span>
            </MenuItem>
          )}
        </Menu>
      </Autocomplete>
    </Dialog>
  );
}

function useEntries(): Entry[] {
  const { t } = useLingui();
  const api = useApi();
  const [, go] = useLocation();
  const { villages, chooseVillage } = useVillages();
  const village = useVillage();
  const input = { village: village.id };
  const members = useQuery(api.members.list.queryOptions({ input }));
  const meters = useQuery(api.meters.list.queryOptions({ input }));
  const place = (id: string, text: string, kind: string, to: string): Entry => ({ id, text, kind, run: () => go(to) });
  return [
    ...SCREENS.map((x) => place(x.to, t(x.name), t`screen`, x.to)),
    place('add-meter', t`Add a meter`, t`action`, '/meters/add'),
    place('add-member', t`Add a member`, t`action`, '/members/add'),
    place('invite', t`Invite someone`, t`action`, '/members/invite'),
    place('new-agreement', t`New agreement`, t`action`, '/agreements/new'),
    place('import', t`Bring in a logger file`, t`action`, '/meters/import'),
    ...villages
      .filter((v) => v.id !== village.id)
      .map((v) => ({ id: v.id, text: v.name, kind: t`village`, run: () => chooseVillage(v.id) })),
    ...(members.data?.members ?? []).map((m) => place(m.id, m.name, t`member`, `/members/${m.id}`)),
    ...(meters.data?.meters ?? []).map((m) => place(m.id, m.name, t`meter`, `/meters/${m.id}`)),
  ];
}
