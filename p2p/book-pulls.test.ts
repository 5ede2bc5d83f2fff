import { beforeEach, expect, test } from 'vitest';
import type { AuthorMark } from '#core/ports/village-node.ts';
import { type AuthorMarks, createAuthorMarks } from './author-index.ts';
import { type BookPulls, createBookPulls, type PullSource } from './book-pulls.ts';

const BOOK = 'assets';
const [ANNA, BEN] = ['a'.repeat(64), 'b'.repeat(64)];
let nowMs = 0;
let ours: AuthorMarks;
let pulls: BookPulls;

interface TestSource extends PullSource {
  /** Authors of each pull. */
  readonly asked: string[][];
  claim(...marks: AuthorMark[]): void;
}

function sourceOf(isDirect = true): TestSource {
  const claims = new Map<string, AuthorMark>();
  const asked: string[][] = [];
  const source: TestSource = {
    isDirect,
    asked,
    claims: () => claims.values(),
    ask: (_book, ranges) => asked.push(ranges.map(({ device }) => device)),
    claim(...marks) {
      for (const mark of marks) claims.set(mark.device, mark);
      pulls.claimed(source, [BOOK]);
    },
  };
  return source;
}
const upTo = (device: string, time: number): AuthorMark => ({ device, time, count: time });
/** The source sends what it was asked for. */
function deliver(source: PullSource, ...marks: AuthorMark[]): void {
  pulls.arrived(source);
  for (const { device, count } of marks) {
    const had = ours.of(device)?.count ?? 0;
    for (let time = had + 1; time <= count; time++) ours.add(device, time);
  }
  pulls.joined(source, BOOK, 1000);
  pulls.ended(source, BOOK);
}

beforeEach(() => {
  nowMs = 0;
  ours = createAuthorMarks();
  pulls = createBookPulls({ lacking: (_book, marks) => ours.lacking(marks) }, () => nowMs);
});

test('what several peers have is asked of one, and of another only what that one lacks', () => {
  const [first, second] = [sourceOf(), sourceOf()];
  first.claim(upTo(ANNA, 5));
  second.claim(upTo(ANNA, 5), upTo(BEN, 3));
  expect([first.asked, second.asked]).toEqual([[[ANNA]], [[BEN]]]);
  deliver(first, upTo(ANNA, 5));
  deliver(second, upTo(BEN, 3));
  expect([first.asked, second.asked]).toEqual([[[ANNA]], [[BEN]]]);
  expect(pulls.isUnderWay(BOOK)).toBe(false);
});

test('what a peer told while it was sending is asked for next', () => {
  const source = sourceOf();
  source.claim(upTo(ANNA, 5));
  source.claim(upTo(ANNA, 8));
  expect(source.asked).toEqual([[ANNA]]);
  deliver(source, upTo(ANNA, 5));
  expect(source.asked).toEqual([[ANNA], [ANNA]]);
});

test('a peer that does not send is passed over, and then all others are asked at once', () => {
  const [silent, second, third] = [sourceOf(), sourceOf(), sourceOf()];
  silent.claim(upTo(ANNA, 1_000_000));
  second.claim(upTo(ANNA, 5));
  third.claim(upTo(ANNA, 5));
  nowMs = 2900;
  pulls.review();
  expect([second.asked, third.asked]).toEqual([[], []]);
  nowMs = 3100;
  pulls.review();
  pulls.review();
  expect([silent.asked, second.asked, third.asked]).toEqual([[[ANNA]], [[ANNA]], [[ANNA]]]);
});

test('a peer that was passed over once is asked last from then on', () => {
  const [late, other, blocking] = [sourceOf(), sourceOf(), sourceOf()];
  late.claim(upTo(BEN, 5));
  nowMs = 4000;
  pulls.review();
  deliver(late, upTo(BEN, 5));
  blocking.claim(upTo(ANNA, 1));
  for (const source of [late, other]) source.claim(upTo(ANNA, 5));
  deliver(blocking, upTo(ANNA, 1));
  expect([late.asked, other.asked]).toEqual([[[BEN]], [[ANNA]]]);
});

test('a peer that sends a little at a time is passed over too, one that sends steadily is not', () => {
  const [trickling, steady, other] = [sourceOf(), sourceOf(), sourceOf()];
  trickling.claim(upTo(ANNA, 1000));
  steady.claim(upTo(BEN, 1000));
  other.claim(upTo(ANNA, 1000), upTo(BEN, 1000));
  for (nowMs = 0; nowMs < 5000; nowMs += 500) {
    for (const [source, bytes] of [
      [trickling, 100],
      [steady, 30_000],
    ] as const) {
      pulls.arrived(source);
      pulls.joined(source, BOOK, bytes);
    }
    pulls.review();
  }
  expect(other.asked).toEqual([[ANNA]]);
});

test('a pull that never ends is passed over after a minute, whatever it brings', () => {
  const [endless, other] = [sourceOf(), sourceOf()];
  endless.claim(upTo(ANNA, 1_000_000));
  other.claim(upTo(ANNA, 5));
  const send = (): void => {
    pulls.arrived(endless);
    pulls.joined(endless, BOOK, 1_000_000);
    pulls.review();
  };
  for (nowMs = 0; nowMs <= 60_000; nowMs += 1000) send();
  expect(other.asked).toEqual([]);
  send();
  expect(other.asked).toEqual([[ANNA]]);
});

test('a peer is not blamed for the time that this console takes to check what came', () => {
  const [source, other] = [sourceOf(), sourceOf()];
  source.claim(upTo(ANNA, 1000));
  other.claim(upTo(ANNA, 1000));
  pulls.arrived(source);
  nowMs = 10_000;
  pulls.review();
  pulls.joined(source, BOOK, 100);
  nowMs = 12_000;
  pulls.review();
  expect(other.asked).toEqual([]);
});

test('who kept its word is asked before who only claims, and a direct link before a relayed one', () => {
  const [relayed, direct, claiming] = [sourceOf(false), sourceOf(), sourceOf()];
  const blocking = sourceOf();
  blocking.claim(upTo(ANNA, 1));
  for (const source of [relayed, direct]) source.claim(upTo(ANNA, 5));
  deliver(blocking, upTo(ANNA, 1));
  expect([relayed.asked, direct.asked]).toEqual([[], [[ANNA]]]);
  for (const source of [claiming, direct]) source.claim(upTo(ANNA, 9));
  deliver(direct, upTo(ANNA, 5));
  expect([claiming.asked, direct.asked]).toEqual([[], [[ANNA], [ANNA]]]);
});

test('what was asked of a peer that leaves is asked of another', () => {
  const [first, second] = [sourceOf(), sourceOf()];
  first.claim(upTo(ANNA, 5));
  second.claim(upTo(ANNA, 5));
  pulls.leave(first);
  expect(second.asked).toEqual([[ANNA]]);
});

test('what a peer answered without bringing it is not asked of it again', () => {
  const source = sourceOf();
  source.claim(upTo(ANNA, 5));
  expect(pulls.ended(source, BOOK)).toBe(true);
  source.claim(upTo(ANNA, 5));
  expect(source.asked).toEqual([[ANNA]]);
  pulls.forgetAnswers(source);
  source.claim(upTo(ANNA, 5));
  expect(source.asked).toEqual([[ANNA], [ANNA]]);
  pulls.ended(source, BOOK);
  expect(pulls.ended(source, BOOK)).toBe(false);
});
