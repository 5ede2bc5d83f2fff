/** What a month must give: facts of its readings and the sums of the host-lease. */
export interface MonthFigures {
  readonly recordedHours: number;
  readonly spikes: number;
  readonly heldWh: number;
  readonly circuitsWh: number;
  readonly siteWh: number | null;
  readonly unattributedWh: number | null;
  readonly hostCharge: number;
  readonly rent: number;
  readonly neighboursPay: number;
  readonly grid: number;
  readonly ownerShare: number;
  readonly hostShare: number;
}

export interface DemoCase {
  readonly name: string;
  /** Village of the reference data and first day; the site that ships with the project without one. */
  readonly site?: { readonly village: string; readonly from: string };
  readonly figures: MonthFigures;
}

export const DEMO_CASES: readonly DemoCase[] = [
  {
    name: 'demo-shipped',
    figures: {
      recordedHours: 6940,
      spikes: 2,
      heldWh: 30_423,
      circuitsWh: 148_495,
      siteWh: 157_313,
      unattributedWh: 8818,
      hostCharge: 6937,
      rent: 1041,
      neighboursPay: 20_486,
      grid: 1137,
      ownerShare: 11_609,
      hostShare: 7740,
    },
  },
  {
    name: 'demo-ug01-2012-01',
    site: { village: 'ug01', from: '2012-01-01' },
    figures: {
      recordedHours: 3325,
      spikes: 1,
      heldWh: 32_993,
      circuitsWh: 11_572,
      siteWh: 32_363,
      unattributedWh: 20_791,
      hostCharge: 336,
      rent: 50,
      neighboursPay: 1781,
      grid: 100,
      ownerShare: 1008,
      hostShare: 673,
    },
  },
  {
    name: 'demo-ug01-2013-05',
    site: { village: 'ug01', from: '2013-05-01' },
    figures: {
      recordedHours: 2709,
      spikes: 9,
      heldWh: 15_203,
      circuitsWh: 34_750,
      siteWh: null,
      unattributedWh: null,
      hostCharge: 626,
      rent: 94,
      neighboursPay: 5692,
      grid: 315,
      ownerShare: 3226,
      hostShare: 2151,
    },
  },
  {
    name: 'demo-ug03-2013-03',
    site: { village: 'ug03', from: '2013-03-01' },
    figures: {
      recordedHours: 1988,
      spikes: 0,
      heldWh: 0,
      circuitsWh: 34_002,
      siteWh: 47_132,
      unattributedWh: 13_130,
      hostCharge: 2477,
      rent: 372,
      neighboursPay: 3891,
      grid: 216,
      ownerShare: 2205,
      hostShare: 1470,
    },
  },
];
