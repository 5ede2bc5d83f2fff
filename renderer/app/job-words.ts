import type { MessageDescriptor } from '@lingui/core';
import { msg } from '@lingui/core/macro';
import { useLingui } from '@lingui/react/macro';

/** Stages that jobs of the core report. */
const STAGES: Readonly<Record<string, MessageDescriptor>> = {
  start: msg`Starting`,
  founding: msg`Founding the village`,
  people: msg`Bringing in the members`,
  counting: msg`Counting the month`,
  proposed: msg`The month is named`,
  'reading meters': msg`Reading the meters`,
  'sealing readings': msg`Sealing the readings`,
  'storing days': msg`Writing the days`,
  sending: msg`Sending to the chain`,
  plant: msg`Starting the simulated plant`,
  village: msg`Founding the village`,
  members: msg`Bringing in the members`,
  meters: msg`Reading the meters`,
  readings: msg`Taking in readings`,
  history: msg`Replaying the first weeks`,
  agreement: msg`Writing the agreement`,
  parse: msg`Reading the file`,
  read: msg`Reading the file`,
  check: msg`Checking every line`,
  write: msg`Writing the days`,
  seal: msg`Sealing the days`,
  cut: msg`Naming what counts`,
  statements: msg`Computing the statements`,
  propose: msg`Proposing the month`,
  sign: msg`Signing`,
  connect: msg`Reaching the chain`,
  send: msg`Sending to the chain`,
  wait: msg`Waiting for the chain`,
  confirm: msg`Waiting until it is final`,
  final: msg`Waiting until it is final`,
  receipt: msg`Writing the receipt`,
  gather: msg`Looking what to take out`,
  copy: msg`Writing the file`,
  'check file': msg`Checking the file`,
  'take records': msg`Taking in the records`,
  'take days': msg`Taking in the readings`,
  'fetch records': msg`Fetching the records`,
  'fetch days': msg`Fetching the readings`,
  done: msg`Done`,
};

/** A stage in words; one that is not known here is shown as the core named it. */
export function useJobStage(): (stage: string) => string {
  const { t } = useLingui();
  return (stage) => {
    const words = STAGES[stage];
    return words ? t(words) : stage;
  };
}
