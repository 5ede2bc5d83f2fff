import { useLingui } from '@lingui/react/macro';
import { Ticks } from '../../ui/field.tsx';
import { ROLE_WORDS, type Role } from '../../ui/words.ts';

export function RoleTicks(p: { readonly value: readonly Role[]; readonly onChange: (roles: Role[]) => void }) {
  const { t } = useLingui();
  return (
    <Ticks
      label={t`What they do here`}
      value={p.value}
      onChange={p.onChange}
      options={(Object.keys(ROLE_WORDS) as Role[]).map((id) => ({ id, text: t(ROLE_WORDS[id]) }))}
      error={p.value.length === 0 ? t`Choose at least one.` : null}
    />
  );
}
