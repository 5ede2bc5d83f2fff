import { z } from 'zod';
import { NUMBER_TYPES, wordsOf } from './register-value.ts';

const shortText = z.string().trim().min(1).max(120);
const longText = z.string().trim().min(1).max(500);
const registerAddress = z.int().min(0).max(65_535);
const functionCode = z.union([z.literal(3), z.literal(4)]);
const wordOrder = z.enum(['big', 'little']).default('big');
const numberType = z.enum(NUMBER_TYPES);
const positive = z.int().min(1).max(1_000_000_000);

const numberRegister = z.strictObject({
  address: registerAddress,
  function: functionCode,
  type: numberType,
  wordOrder,
  /** Multiplied with the raw value it gives Wh, W or percent; a ratio of whole numbers so that no Wh is lost. */
  scale: z.strictObject({ numerator: positive, denominator: positive }),
  /** Some devices of the family do not have it: the reading is null then. */
  optional: z.boolean().default(false),
});

const identityRegister = z.discriminatedUnion('type', [
  z.strictObject({
    address: registerAddress,
    function: functionCode,
    type: z.literal('utf8'),
    words: z.int().min(1).max(32),
  }),
  z.strictObject({ address: registerAddress, function: functionCode, type: z.literal('uint32'), wordOrder }),
]);

const modelOffset = z.int().min(2).max(200);
const modelPoint = z.strictObject({ offset: modelOffset, type: numberType, scaleFactor: modelOffset.optional() });
const modelIds = z.array(z.int().min(1).max(65_534)).min(1).max(16);

const about = {
  id: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
    .max(60),
  brand: shortText,
  model: shortText,
  transport: z.literal('modbus-tcp'),
  source: longText,
  caveats: z.array(z.strictObject({ text: longText, link: z.url().max(300) })).max(10),
};

const fixedMapTemplate = z.strictObject({
  ...about,
  map: z.literal('fixed'),
  identity: z
    .strictObject({ manufacturer: identityRegister, model: identityRegister, serial: identityRegister })
    .partial()
    .default({}),
  /** Text the device's own words must start with; another device answers METER_MISMATCH. */
  expect: z.strictObject({ manufacturer: shortText, model: shortText }).partial().default({}),
  registers: z
    .strictObject({
      importWh: numberRegister,
      exportWh: numberRegister,
      powerW: numberRegister,
      socPercent: numberRegister,
    })
    .partial()
    .refine((registers) => registers.importWh || registers.exportWh, 'a meter needs importWh or exportWh'),
});

const sunSpecTemplate = z.strictObject({
  ...about,
  map: z.literal('sunspec'),
  bases: z.array(registerAddress).min(1).max(8),
  meterModels: z
    .array(
      z.strictObject({
        ids: modelIds,
        points: z.strictObject({ importWh: modelPoint, exportWh: modelPoint, powerW: modelPoint }),
      }),
    )
    .min(1)
    .max(16),
  batteryModels: z
    .array(z.strictObject({ ids: modelIds, points: z.strictObject({ socPercent: modelPoint }) }))
    .max(16)
    .default([]),
});

/** A meter template as it stands in meter-drivers/templates. */
export const meterTemplate = z.discriminatedUnion('map', [fixedMapTemplate, sunSpecTemplate]);
export type MeterTemplate = z.infer<typeof meterTemplate>;
export type FixedMapTemplate = z.infer<typeof fixedMapTemplate>;
export type SunSpecTemplate = z.infer<typeof sunSpecTemplate>;
export type NumberRegister = z.infer<typeof numberRegister>;
export type IdentityRegister = z.infer<typeof identityRegister>;
export type ModelPoint = z.infer<typeof modelPoint>;

export const identityWords = (register: IdentityRegister): number =>
  register.type === 'utf8' ? register.words : wordsOf(register.type);
