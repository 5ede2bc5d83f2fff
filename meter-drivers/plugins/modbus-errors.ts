import { AppError } from '#core/ports/errors.ts';
import { describePlace, type MeterPlace, placeData } from './meter-place.ts';

/** Exception codes of the Modbus application protocol V1.1b3, section 7. */
const EXCEPTIONS: Readonly<Record<number, { silent: boolean; text: string }>> = {
  1: { silent: false, text: 'does not know this function' },
  2: { silent: false, text: 'does not have these registers' },
  3: { silent: false, text: 'refused the request as badly formed' },
  4: { silent: false, text: 'reports a failure of its own' },
  5: { silent: true, text: 'needs longer to answer' },
  6: { silent: true, text: 'is busy' },
  8: { silent: false, text: 'reports a memory error' },
  10: { silent: true, text: 'cannot be reached: the gateway has no path to it' },
  11: { silent: true, text: 'does not answer the gateway' },
};

const field = (error: unknown, name: string): unknown =>
  typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;

export const isTimeout = (error: unknown): boolean => field(error, 'errno') === 'ETIMEDOUT';

/** The Modbus exception code the device answered with, or null for any other failure. */
function exceptionCode(error: unknown): number | null {
  const code = field(error, 'modbusCode');
  return typeof code === 'number' ? code : null;
}

/** What a failed request means: METER_SILENT, METER_REFUSED, or METER_MISMATCH for an answer that is not Modbus. */
export function explainRequestError(error: unknown, place: MeterPlace, registers: string): AppError {
  const data = placeData(place);
  const code = exceptionCode(error);
  if (code !== null) {
    const known = EXCEPTIONS[code] ?? { silent: false, text: `answered with exception ${code}` };
    const advice = known.silent ? 'check its power and its wire' : 'check the unit id and the chosen model';
    return new AppError(
      known.silent ? 'METER_SILENT' : 'METER_REFUSED',
      `The meter of ${describePlace(place)} ${known.text} (${registers}): ${advice}.`,
      { retryable: known.silent, data: { ...data, exception: code }, cause: error },
    );
  }
  if (isTimeout(error)) return silentMeter(place, 'did not answer in time', error);
  return new AppError(
    'METER_MISMATCH',
    `${describePlace(place)} answered with something that is not Modbus (${registers}): check that this is a Modbus TCP port.`,
    { retryable: true, data, cause: error },
  );
}

export const silentMeter = (place: MeterPlace, what: string, cause?: unknown): AppError =>
  new AppError(
    'METER_SILENT',
    `The meter of ${describePlace(place)} ${what}: check its power, its wire and the unit id.`,
    { retryable: true, data: placeData(place), cause },
  );

const CONNECT_FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to this address',
  ENETUNREACH: 'no route to this network',
  ENOTFOUND: 'this name is not known',
  EAI_AGAIN: 'this name cannot be looked up now',
  ETIMEDOUT: 'no answer in time',
};

/** A TCP connection that could not be made, naming host:port. */
export function explainConnectError(error: unknown, host: string, port: number): AppError {
  const code = field(error, 'code');
  const reason = (typeof code === 'string' ? CONNECT_FAILURES[code] : undefined) ?? 'connection failed';
  return new AppError(
    'METER_SILENT',
    `Cannot reach the meter gateway at ${host}:${port} (${reason}): check that it is on, on this network, and that host and port are right.`,
    { retryable: true, data: { host, port }, cause: error },
  );
}
