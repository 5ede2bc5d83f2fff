/** Where a meter is, for messages: host:port and Modbus unit id. */
export interface MeterPlace {
  readonly host: string;
  readonly port: number;
  readonly unit: number;
}

export const describePlace = (place: MeterPlace): string => `unit ${place.unit} at ${place.host}:${place.port}`;

export const placeData = (place: MeterPlace): Record<string, string | number> => ({
  host: place.host,
  port: place.port,
  unit: place.unit,
});
