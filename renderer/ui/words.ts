import type { MessageDescriptor } from '@lingui/core';
import { msg } from '@lingui/core/macro';
import type { PERIOD_STATES } from '#api/accounts.ts';
import type { AGREEMENT_STATES } from '#api/agreements.ts';
import type { METER_KINDS, PLACES, SOURCES } from '#api/shared.ts';
import type { Role } from '#domain/membership/roles.ts';

export type Source = (typeof SOURCES)[number];
export type { Role };
export type Place = (typeof PLACES)[number];
export type MeterKind = (typeof METER_KINDS)[number];
export type PeriodState = (typeof PERIOD_STATES)[number];
export type AgreementState = (typeof AGREEMENT_STATES)[number];
export type TrustLevel = 0 | 1 | 2 | 3 | 4;

export const SOURCE_WORDS: Record<Source, MessageDescriptor> = {
  solar: msg`Sun`,
  hydro: msg`Stream`,
  wind: msg`Wind`,
  biomass: msg`Biomass`,
  diesel: msg`Diesel`,
  battery: msg`Battery`,
  grid: msg`Grid`,
};
export const ROLE_WORDS: Record<Role, MessageDescriptor> = {
  coordinator: msg`Coordinator`,
  consumer: msg`Uses energy`,
  prosumer: msg`Uses and makes energy`,
  owner: msg`Owner`,
  'grid-provider': msg`Grid provider`,
  government: msg`Government`,
  'third-party': msg`Third party`,
  auditor: msg`Auditor`,
};
export const PLACE_WORDS: Record<Place, MessageDescriptor> = {
  home: msg`Home`,
  mill: msg`Mill`,
  clinic: msg`Clinic`,
  school: msg`School`,
  shop: msg`Shop`,
  other: msg`Other place`,
};
export const METER_KIND_WORDS: Record<MeterKind, MessageDescriptor> = {
  use: msg`A place that uses energy`,
  generation: msg`An asset that makes energy`,
  battery: msg`A battery`,
  site: msg`The whole site`,
};
export const PERIOD_WORDS: Record<PeriodState, MessageDescriptor> = {
  open: msg`open`,
  proposed: msg`waits for signatures`,
  signed: msg`signed`,
  queued: msg`waits for the chain`,
  sent: msg`sent`,
  settled: msg`settled`,
  final: msg`final`,
};
export const AGREEMENT_WORDS: Record<AgreementState, MessageDescriptor> = {
  draft: msg`draft`,
  offered: msg`offered`,
  active: msg`active`,
  ended: msg`ended`,
  declined: msg`declined`,
};
export const TRUST_WORDS: Record<TrustLevel, { readonly name: MessageDescriptor; readonly means: MessageDescriptor }> =
  {
    4: { name: msg`Proven today.`, means: msg`The meter signs, and showed today that its software is untouched.` },
    3: { name: msg`Signed.`, means: msg`The meter signs every reading itself.` },
    2: { name: msg`Watched.`, means: msg`A proven gateway reads a meter that cannot sign.` },
    1: { name: msg`Signed by the gateway.`, means: msg`A gateway read the meter and signed the day.` },
    0: { name: msg`No proof.`, means: msg`Shown here. Never turned into money.` },
  };
