/** Who may call a procedure. viewer: anyone paired; operator: the console's own person; coordinator: one of the village. */
export type Need = 'viewer' | 'operator' | 'coordinator';

/** The one table of rights. A procedure that is not named needs an operator. */
export const RIGHTS: Readonly<Record<string, Need>> = {
  'villages.state': 'viewer',
  'villages.settings': 'viewer',
  'today.get': 'viewer',
  'members.list': 'viewer',
  'members.get': 'viewer',
  'meters.models': 'viewer',
  'meters.list': 'viewer',
  'meters.get': 'viewer',
  'meters.series': 'viewer',
  'meters.flags': 'viewer',
  'meters.entries': 'viewer',
  'assets.list': 'viewer',
  'agreements.list': 'viewer',
  'agreements.get': 'viewer',
  'accounts.periods': 'viewer',
  'accounts.get': 'viewer',
  'accounts.statement': 'viewer',
  'accounts.chain': 'viewer',
  'sync.status': 'viewer',
  'jobs.list': 'viewer',
  'jobs.watch': 'viewer',
  changes: 'viewer',
  'villages.invite': 'coordinator',
  'villages.setCoordinators': 'coordinator',
  'villages.changeNetworkKey': 'coordinator',
  'sync.setMeetingPoint': 'coordinator',
  'members.add': 'coordinator',
  'members.addOrganisation': 'coordinator',
  'members.setRoles': 'coordinator',
  'meters.add': 'coordinator',
  'meters.decide': 'coordinator',
  'accounts.close': 'coordinator',
};
export const needOf = (path: readonly string[]): Need => RIGHTS[path.join('.')] ?? 'operator';
