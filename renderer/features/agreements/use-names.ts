import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useApi } from '../../app/console-context.tsx';
import { useVillage } from '../../app/village-context.tsx';
import type { Out } from '../../app/wire.ts';
import type { Names } from './clauses.ts';

export interface Known {
  readonly members: readonly Out['members']['list']['members'][number][];
  readonly meters: readonly Out['meters']['list']['meters'][number][];
  readonly assets: readonly Out['assets']['list']['assets'][number][];
  readonly names: Names;
  /** False until every list is here: a deed is never shown with half of its names. */
  readonly ready: boolean;
}

const shorten = (id: string): string => `${id.slice(0, 9)}…`;

/** Members, meters and assets of the village, and the names their ids stand for. */
export function useKnown(): Known {
  const api = useApi();
  const input = { village: useVillage().id };
  const members = useQuery(api.members.list.queryOptions({ input }));
  const meters = useQuery(api.meters.list.queryOptions({ input }));
  const assets = useQuery(api.assets.list.queryOptions({ input }));
  return useMemo(() => {
    const lists = {
      members: members.data?.members ?? [],
      meters: meters.data?.meters ?? [],
      assets: assets.data?.assets ?? [],
    };
    const nameIn = (rows: readonly { readonly id: string; readonly name: string }[]) => {
      const byId = new Map(rows.map((row) => [row.id, row.name]));
      return (id: string) => byId.get(id) ?? shorten(id);
    };
    return {
      ...lists,
      names: { member: nameIn(lists.members), meter: nameIn(lists.meters), asset: nameIn(lists.assets) },
      ready: members.isSuccess && meters.isSuccess && assets.isSuccess,
    };
  }, [members.data, meters.data, assets.data, members.isSuccess, meters.isSuccess, assets.isSuccess]);
}
