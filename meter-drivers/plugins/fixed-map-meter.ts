import { AppError } from '#core/ports/errors.ts';
import type { MeterIdentity, RegisterReading } from '#core/ports/meter-driver.ts';
import { type FixedMapTemplate, type IdentityRegister, identityWords, type NumberRegister } from './meter-template.ts';
import { planBlocks, type ReadBlock, type RegisterSpan, sliceSpan } from './register-block.ts';
import { decodeNumber, decodeText, floorRatio, multiply, type Ratio, wordsOf } from './register-value.ts';
import {
  type ModbusUnit,
  mismatch,
  saysSimulated,
  toPercent,
  toRegisterWh,
  toWatts,
  type UnitMeter,
} from './unit-meter.ts';

type RegisterName = 'importWh' | 'exportWh' | 'powerW' | 'socPercent';
interface WantedRegister {
  readonly name: RegisterName;
  readonly register: NumberRegister;
  readonly span: RegisterSpan;
}

const isRefused = (error: unknown): boolean => error instanceof AppError && error.code === 'METER_REFUSED';

const wantedRegisters = (template: FixedMapTemplate): WantedRegister[] =>
  (['importWh', 'exportWh', 'powerW', 'socPercent'] as const).flatMap((name) => {
    const register = template.registers[name];
    if (!register) return [];
    const span = { function: register.function, address: register.address, words: wordsOf(register.type) };
    return [{ name, register, span }];
  });

function decodeIdentity(blocks: readonly ReadBlock[], register: IdentityRegister | undefined): string | null {
  if (!register) return null;
  const words = sliceSpan(blocks, { ...register, words: identityWords(register) });
  if (!words) return null;
  if (register.type === 'utf8') return decodeText(words);
  const value = decodeNumber(words, register.type, register.wordOrder);
  return value === null ? null : floorRatio(value).toString();
}

/** A meter whose registers stand at addresses its maker fixed. */
export function createFixedMapMeter(template: FixedMapTemplate, unit: ModbusUnit): UnitMeter {
  let wanted = wantedRegisters(template);
  let plan = planBlocks(
    wanted.map((each) => each.span),
    0,
  );
  let recognised = false;

  const identityRegisters = Object.values(template.identity).filter((register) => register !== undefined);
  const readIdentity = async (signal?: AbortSignal): Promise<MeterIdentity> => {
    const spans = identityRegisters.map((register) => ({ ...register, words: identityWords(register) }));
    const blocks: ReadBlock[] = [];
    for (const span of planBlocks(spans, 0)) {
      try {
        blocks.push({ span, words: await unit.read(span, signal) });
      } catch (error) {
        if (!isRefused(error)) throw error;
      }
    }
    const manufacturer = decodeIdentity(blocks, template.identity.manufacturer);
    const model = decodeIdentity(blocks, template.identity.model);
    const serial = decodeIdentity(blocks, template.identity.serial);
    return { manufacturer, model, serial, simulated: saysSimulated(manufacturer) };
  };

  const identify = async (signal?: AbortSignal): Promise<MeterIdentity> => {
    const identity = await readIdentity(signal);
    for (const name of ['manufacturer', 'model'] as const) {
      const expected = template.expect[name];
      if (expected === undefined || identity[name]?.toLowerCase().startsWith(expected.toLowerCase())) continue;
      const found = identity[name] === null ? 'no name' : `'${identity[name]}'`;
      throw mismatch(
        unit.place,
        `gives ${found} as its ${name}, not '${expected}...' as a ${template.brand} ${template.model} does`,
      );
    }
    recognised = true;
    return identity;
  };

  /** A read over several registers was refused: find the one the device does not have, once, and ask no more for it. */
  const readEach = async (block: RegisterSpan, signal?: AbortSignal): Promise<ReadBlock[]> => {
    const found: ReadBlock[] = [];
    const parts = wanted.filter((each) =>
      sliceSpan([{ span: block, words: Array.from({ length: block.words }, () => 0) }], each.span),
    );
    for (const part of parts) {
      try {
        found.push({ span: part.span, words: await unit.read(part.span, signal) });
      } catch (error) {
        if (!isRefused(error) || !part.register.optional) throw error;
        wanted = wanted.filter((each) => each !== part);
      }
    }
    plan = plan.flatMap((each) => (each === block ? found.map((read) => read.span) : [each]));
    return found;
  };

  const readBlocks = async (signal?: AbortSignal): Promise<ReadBlock[]> => {
    const blocks: ReadBlock[] = [];
    for (const span of plan) {
      try {
        blocks.push({ span, words: await unit.read(span, signal) });
      } catch (error) {
        if (!isRefused(error)) throw error;
        blocks.push(...(await readEach(span, signal)));
      }
    }
    return blocks;
  };

  return {
    identify,
    async read(signal): Promise<RegisterReading> {
      if (!recognised) await identify(signal);
      const blocks = await readBlocks(signal);
      const value = (name: RegisterName): Ratio | null => {
        const found = wanted.find((each) => each.name === name);
        const words = found && sliceSpan(blocks, found.span);
        if (!found || !words) return null;
        const raw = decodeNumber(words, found.register.type, found.register.wordOrder);
        const { numerator, denominator } = found.register.scale;
        return raw && multiply(raw, { numerator: BigInt(numerator), denominator: BigInt(denominator) });
      };
      return {
        importWh: toRegisterWh(unit.place, 'import', value('importWh')),
        exportWh: toRegisterWh(unit.place, 'export', value('exportWh')),
        powerW: toWatts(value('powerW')),
        ...(template.registers.socPercent ? { socPercent: toPercent(value('socPercent')) } : {}),
      };
    },
  };
}
