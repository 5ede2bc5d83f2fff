/** Cumulative registers at one instant. null = the meter does not have it; an error is thrown when it does not answer. */
export interface RegisterReading {
  /** OBIS 1-0:1.8.0, Wh. */
  readonly importWh: bigint | null;
  /** OBIS 1-0:2.8.0, Wh. */
  readonly exportWh: bigint | null;
  /** Momentary active power, W; + import, - export. */
  readonly powerW: number | null;
  /** State of charge in percent, batteries only. */
  readonly socPercent?: number | null;
}

export interface MeterIdentity {
  readonly manufacturer: string | null;
  readonly model: string | null;
  readonly serial: string | null;
  /** The device says of itself that it is simulated. */
  readonly simulated: boolean;
}

/** An open line to one meter. Calls never overlap; errors are AppError METER_SILENT (retryable), METER_REFUSED, METER_MISMATCH, BAD_ADDRESS. */
export interface MeterConnection {
  identify(signal?: AbortSignal): Promise<MeterIdentity>;
  read(signal?: AbortSignal): Promise<RegisterReading>;
  close(): Promise<void>;
}

/** A kind of meter a person can pick: brand -> model -> port. */
export interface MeterModel {
  /** Template id, e.g. 'schneider-iem3000'. */
  readonly id: string;
  readonly brand: string;
  readonly model: string;
  readonly transport: 'modbus-tcp';
  /** Where the register map comes from. */
  readonly source: string;
  readonly caveats: readonly string[];
}

export interface MeterAddress {
  readonly model: string;
  readonly host: string;
  readonly port: number;
  /** Modbus unit id, 1..247. */
  readonly unit: number;
}

export interface MeterDriver {
  models(): readonly MeterModel[];
  open(address: MeterAddress, signal?: AbortSignal): Promise<MeterConnection>;
}
