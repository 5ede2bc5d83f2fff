/** The month of the story as a logger recorded it: an hour of 744 is empty, the rest follows a plain day. */
export const MONTH = '2025-03';
export const MONTH_NAME = 'March 2025';
const DAYS = 31;
const EMPTY = { day: 12, hour: 3 };

const hostWhOf = (hour: number): number => (hour >= 8 && hour < 18 ? 120 : 20);
const neighbourWhOf = (hour: number): number => (hour >= 18 && hour < 23 ? 90 : 15);

interface Hour {
  readonly day: number;
  readonly hour: number;
}
const HOURS: readonly Hour[] = Array.from({ length: DAYS * 24 }, (_, i) => ({
  day: 1 + Math.floor(i / 24),
  hour: i % 24,
}));
const isHeard = ({ day, hour }: Hour): boolean => day !== EMPTY.day || hour !== EMPTY.hour;
const sumWh = (of: (hour: number) => number): number =>
  HOURS.filter(isHeard).reduce((wh, { hour }) => wh + of(hour), 0);

const HOST_WH = sumWh(hostWhOf);
const NEIGHBOUR_WH = sumWh(neighbourWhOf);

/** The file: the hour in village time, then one column a meter in Wh. */
export function loggerFile(): string {
  const pad = (n: number): string => String(n).padStart(2, '0');
  const lines = HOURS.map((at) => {
    const cells = isHeard(at) ? `${hostWhOf(at.hour)},${neighbourWhOf(at.hour)}` : ',';
    return `${MONTH}-${pad(at.day)} ${pad(at.hour)}:00:00,${cells}\n`;
  });
  return `hour,clinic,home\n${lines.join('')}`;
}

/** Results by the scheme, in UGX: host 200 a kWh with 15 % back, neighbours 180 of which 10 carrying, the rest 60/40. */
export function statementsOf() {
  const charge = Math.floor((HOST_WH * 200 + 500) / 1000);
  const rent = Math.floor((charge * 15 + 50) / 100);
  const paid = Math.floor((NEIGHBOUR_WH * 180 + 500) / 1000);
  const grid = Math.floor((NEIGHBOUR_WH * 10 + 500) / 1000);
  const ownerShare = Math.round((paid - grid) * 0.6);
  const hostShare = paid - grid - ownerShare;
  const text = (amount: number): string =>
    `${amount < 0 ? '−' : '+'}${new Intl.NumberFormat('en-GB').format(Math.abs(amount))}`;
  return {
    owner: text(charge - rent + ownerShare),
    host: text(rent + hostShare - charge),
    neighbour: text(-paid),
    grid: text(grid),
  };
}
