import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planBlocks, type RegisterSpan, sliceSpan } from './register-block.ts';

const span: fc.Arbitrary<RegisterSpan> = fc.record({
  function: fc.constantFrom(3 as const, 4 as const),
  address: fc.integer({ min: 0, max: 600 }),
  words: fc.integer({ min: 1, max: 4 }),
});

test('every register asked for is in one of the blocks, and no block is larger than one Modbus read', () => {
  fc.assert(
    fc.property(fc.array(span, { minLength: 1, maxLength: 20 }), fc.nat({ max: 200 }), (spans, gap) => {
      const blocks = planBlocks(spans, gap);
      const read = blocks.map((block) => ({
        span: block,
        words: Array.from({ length: block.words }, (_, i) => block.address + i),
      }));
      for (const block of blocks) expect(block.words).toBeLessThanOrEqual(125);
      for (const each of spans) {
        expect(sliceSpan(read, each)).toEqual(Array.from({ length: each.words }, (_, i) => each.address + i));
      }
    }),
  );
});

test('without a gap allowed no register is read that nobody asked for', () => {
  const holding = (address: number, words: number): RegisterSpan => ({ function: 3, address, words });
  expect(planBlocks([holding(3207, 4), holding(3203, 4), holding(3059, 2)], 0)).toEqual([
    holding(3059, 2),
    holding(3203, 8),
  ]);
});

test('a block that came back short holds nothing', () => {
  expect(
    sliceSpan([{ span: { function: 3, address: 10, words: 4 }, words: [1, 2] }], {
      function: 3,
      address: 10,
      words: 2,
    }),
  ).toBeNull();
});
