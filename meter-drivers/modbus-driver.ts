import { AppError } from '#core/ports/errors.ts';
import type { MeterAddress, MeterConnection, MeterDriver, MeterModel } from '#core/ports/meter-driver.ts';
import { createFixedMapMeter } from './plugins/fixed-map-meter.ts';
import { findTemplatesDir, loadTemplates } from './plugins/load-templates.ts';
import type { MeterTemplate } from './plugins/meter-template.ts';
import { createModbusLines } from './plugins/modbus.ts';
import { createSunSpecMeter } from './plugins/sunspec-meter.ts';
import type { ModbusUnit } from './plugins/unit-meter.ts';

export interface ModbusDriverOptions {
  /** Folder of *.yaml templates; by default the nearest meter-drivers/templates above this module. */
  readonly templatesDir?: string;
  /** How long one request or connection attempt may take; default 1500 ms. */
  readonly timeoutMs?: number;
}

const toModel = (template: MeterTemplate): MeterModel => ({
  id: template.id,
  brand: template.brand,
  model: template.model,
  transport: template.transport,
  source: template.source,
  caveats: template.caveats.map((caveat) => `${caveat.text} (${caveat.link})`),
});

function checkAddress(address: MeterAddress): void {
  const refuse = (what: string): never => {
    throw new AppError('BAD_ADDRESS', `${what} Correct the address of the meter.`, {
      data: { host: address.host.slice(0, 253), port: address.port, unit: address.unit },
    });
  };
  const whole = (value: number, low: number, high: number): boolean =>
    Number.isInteger(value) && value >= low && value <= high;
  if (!/^[\w.:%-]{1,253}$/.test(address.host))
    refuse(`'${address.host.slice(0, 253)}' is not a host name or IP address.`);
  if (!whole(address.port, 1, 65_535)) refuse(`Port ${address.port} is not from 1 to 65535.`);
  if (!whole(address.unit, 1, 247)) refuse(`Unit id ${address.unit} is not from 1 to 247.`);
}

/**
 * Reads meters over Modbus TCP. Meters behind one gateway share its connection; opening a meter connects at once and
 * throws METER_SILENT when the gateway is away, later reads reconnect by themselves.
 */
export function createModbusDriver(options: ModbusDriverOptions = {}): MeterDriver {
  let read: ReadonlyMap<string, MeterTemplate> | undefined;
  /** Read when somebody asks: a start does not wait for them. */
  const templates = (): ReadonlyMap<string, MeterTemplate> => {
    read ??= loadTemplates(options.templatesDir ?? findTemplatesDir());
    return read;
  };
  const lines = createModbusLines(options.timeoutMs ?? 1500);

  return {
    models: () => [...templates().values()].map(toModel),

    async open(address, signal): Promise<MeterConnection> {
      checkAddress(address);
      const template = templates().get(address.model);
      if (!template) {
        const known = [...templates().keys()].join(', ');
        throw new AppError('BAD_ADDRESS', `No meter model '${address.model.slice(0, 60)}'; there are: ${known}.`, {
          data: { model: address.model.slice(0, 60) },
        });
      }
      const line = await lines.acquire(address.host, address.port, signal);
      const unit: ModbusUnit = {
        place: { host: address.host, port: address.port, unit: address.unit },
        read: (span, abort) => line.read(address.unit, span, abort),
      };
      const meter = template.map === 'fixed' ? createFixedMapMeter(template, unit) : createSunSpecMeter(template, unit);
      return {
        identify: (abort) => meter.identify(abort),
        read: (abort) => meter.read(abort),
        close: () => line.release(),
      };
    },
  };
}
