import { expect, test } from 'vitest';
import { FragmentIndex, parse_fragment_index } from '../../src/lib/fragment_index';

interface Piece {
  start: number;
  video: number;
  key: number;
  audio?: number;
}

interface Part {
  start_us: number;
  run_us?: number;
  duration: number;
  header?: number;
  open?: boolean;
  pieces: Piece[];
}

function index_bytes(parts: Part[]): ArrayBuffer {
  const pieces = parts.flatMap((part) => part.pieces);
  const view = new DataView(new ArrayBuffer(16 + 32 * parts.length + 14 * pieces.length));
  [...'MJI1'].forEach((letter, n) => view.setUint8(n, letter.charCodeAt(0)));
  view.setUint32(4, parts.length, true);
  view.setUint32(8, pieces.length, true);
  parts.forEach((part, n) => {
    const at = 16 + 32 * n;
    view.setBigInt64(at, BigInt(part.start_us), true);
    view.setBigInt64(at + 8, BigInt(part.run_us ?? part.start_us), true);
    view.setUint32(at + 16, part.duration, true);
    view.setUint32(at + 20, part.header ?? 1000, true);
    view.setUint32(at + 24, part.pieces.length, true);
    view.setUint32(at + 28, part.open ? 1 : 0, true);
  });
  pieces.forEach((piece, n) => {
    const at = 16 + 32 * parts.length + 14 * n;
    view.setUint32(at, piece.start, true);
    view.setUint32(at + 4, piece.video, true);
    view.setUint16(at + 8, piece.key & 0xffff, true);
    view.setUint8(at + 10, piece.key >> 16);
    view.setUint16(at + 11, (piece.audio ?? 0) & 0xffff, true);
    view.setUint8(at + 13, (piece.audio ?? 0) >> 16);
  });
  return view.buffer;
}

const kDay = 1_767_577_500_000_000; // larger than 32 bits, like every time

const first: Part = { start_us: kDay, duration: 6_000_000, pieces: [{ start: 0, video: 500, key: 100, audio: 70_000 }, { start: 2_000_000, video: 400, key: 0 }, { start: 4_000_000, video: 300, key: 90 }] };
const second: Part = { start_us: kDay + 9_000_000, run_us: kDay + 9_000_000, duration: 2_000_000, pieces: [{ start: 0, video: 10, key: 5 }] };

function indexed(...parts: Part[]): FragmentIndex {
  const index = new FragmentIndex();
  index.merge(parse_fragment_index(index_bytes(parts)));
  return index;
}

test('reads places, times and sizes, with audio between the video parts', () => {
  const [segment] = parse_fragment_index(index_bytes([first]));
  expect(segment!.fragments.map(({ start_us, end_us, offset, key_bytes }) => [start_us - kDay, end_us - kDay, offset, key_bytes])).toEqual([
    [0, 2_000_000, 1000, 100], [2_000_000, 4_000_000, 71_500, 0], [4_000_000, 6_000_000, 71_900, 90],
  ]);
});

test('a key frame larger than 24 bits say is never larger than its fragment', () => {
  const [segment] = parse_fragment_index(index_bytes([{ ...second, pieces: [{ start: 0, video: 20_000_000, key: 0xffffff }] }]));
  expect(segment!.fragments[0]!.key_bytes).toBe(0xffffff);
  const [small] = parse_fragment_index(index_bytes([{ ...second, pieces: [{ start: 0, video: 20, key: 0xffffff }] }]));
  expect(small!.fragments[0]!.key_bytes).toBe(20);
});

test.each([
  ['nothing', new ArrayBuffer(0)],
  ['another file', new TextEncoder().encode('<!doctype html><html></html>').buffer],
  ['a cut one', index_bytes([first]).slice(0, 60)],
  ['a longer one', new Uint8Array([...new Uint8Array(index_bytes([first])), 0]).buffer],
])('refuses %s', (_name, bytes) => {
  expect(() => parse_fragment_index(bytes as ArrayBuffer)).toThrow(RangeError);
});

test('refuses a segment that claims more fragments than there are', () => {
  const bytes = index_bytes([first]);
  new DataView(bytes).setUint32(16 + 24, 4_000_000_000, true);
  expect(() => parse_fragment_index(bytes)).toThrow(RangeError);
});

test('finds the fragment of a moment, and nothing in a gap or outside', () => {
  const index = indexed(first, second);
  expect(index.at(kDay)?.n).toBe(0);
  expect(index.at(kDay + 3_999_999)?.n).toBe(1);
  expect(index.at(kDay + 6_000_000)).toBeNull();
  expect(index.at(kDay - 1)).toBeNull();
  expect(index.at(kDay + 9_000_000)?.segment.start_us).toBe(kDay + 9_000_000);
  expect(index.after(kDay + 6_500_000)?.start_us).toBe(kDay + 9_000_000);
  expect(index.before_or_at(kDay + 8_000_000)?.n).toBe(2);
  expect(index.after(kDay - 5)?.n).toBe(0);
  expect(index.after(kDay + 9_000_000)).toBeNull();
});

test('a chain begins at the key frame before', () => {
  const index = indexed(first);
  expect(index.chain(index.at(kDay + 2_500_000)!).map(({ n }) => n)).toEqual([0, 1]);
  expect(index.chain(index.at(kDay + 4_500_000)!).map(({ n }) => n)).toEqual([2]);
});

test('a file that grew replaces what was known of it; one that did not changes nothing', () => {
  const part: Part = { ...first, open: true, duration: 2_000_000, pieces: first.pieces.slice(0, 1) };
  const index = indexed(second, part);
  expect(index.merge(parse_fragment_index(index_bytes([part])))).toBe(false);
  expect(index.merge(parse_fragment_index(index_bytes([first])))).toBe(true);
  expect(index.at(kDay + 5_000_000)?.n).toBe(2);
  expect(index.merge(parse_fragment_index(index_bytes([part])))).toBe(false);
  expect(index.segments.map(({ start_us }) => start_us - kDay)).toEqual([0, 9_000_000]);
});

test('a file that was followed and is closed keeps the places that are known; the rest comes from its coarser list', () => {
  const half = (n: number) => ({ start: n * 500_000, video: 100, key: n % 4 ? 0 : 40, audio: 10 });
  const open = (count: number): Part => ({ start_us: kDay, duration: count * 500_000, open: true, pieces: Array.from({ length: count }, (_, n) => half(n)) });
  // Joined, four by four: 4 × 110 bytes each, but for the sound behind the last picture.
  const closed: Part = { start_us: kDay, duration: 6_000_000, pieces: [0, 1, 2].map((n) => ({ start: n * 2_000_000, video: 430, key: 48, audio: 10 })) };
  const told = (index: FragmentIndex) => index.segments[0]!.fragments.map(({ n, start_us, end_us, offset, video_bytes, key_bytes }) => [n, (start_us - kDay) / 1e6, (end_us - kDay) / 1e6, offset, video_bytes, key_bytes]);

  const stopped_within = indexed(open(6));
  expect(stopped_within.merge(parse_fragment_index(index_bytes([closed])))).toBe(true);
  expect(told(stopped_within).slice(4)).toEqual([
    [4, 2, 2.5, 1440, 100, 40], [5, 2.5, 3, 1550, 100, 0], [6, 3, 4, 1650, 220, 0], [7, 4, 6, 1880, 430, 48],
  ]);
  expect(stopped_within.segments[0]!.open).toBe(false);
  expect(stopped_within.at(kDay + 3_500_000)?.segment).toBe(stopped_within.segments[0]);

  const stopped_between = indexed(open(8));
  stopped_between.merge(parse_fragment_index(index_bytes([closed])));
  expect(told(stopped_between).slice(7)).toEqual([[7, 3.5, 4, 1770, 100, 0], [8, 4, 6, 1880, 430, 48]]);

  const whole = indexed(open(12));
  whole.merge(parse_fragment_index(index_bytes([closed])));
  expect(told(whole).length).toBe(12);
  expect(whole.merge(parse_fragment_index(index_bytes([closed])))).toBe(false);
});

test('neighbours are found across files', () => {
  const index = indexed(first, second);
  const last = index.at(kDay + 4_500_000)!;
  expect(index.next(last)?.start_us).toBe(kDay + 9_000_000);
  expect(index.previous(index.next(last)!)).toBe(last);
  expect(index.previous(index.at(kDay)!)).toBeNull();
});
