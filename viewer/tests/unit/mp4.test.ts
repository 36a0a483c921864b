import { beforeAll, expect, test } from 'vitest';
import { parse_init, picture_fragment, pictures_only, read_samples, type TrackInfo } from '../../src/lib/mp4';
import { footage } from '../support/footage.mjs';

let streams: any;
const first = (key: string, run = 0) => {
  const { init, segments } = streams[key][run];
  const [segment] = segments;
  const [fragment] = segment.fragments;
  return { init: new Uint8Array(init), fragment, bytes: new Uint8Array(segment.file.subarray(segment.header_bytes, segment.header_bytes + fragment.video_bytes)) };
};

beforeAll(async () => {
  streams = await footage();
}, 120_000);

test('reads a real init segment', () => {
  expect(parse_init(first('cam-w3.main').init)).toMatchObject({ timescale: 90000, track_id: 1 });
});

test('reads the samples of a real fragment behind a prft box', () => {
  const { init, bytes, fragment } = first('cam-w3.main');
  const samples = read_samples(bytes, parse_init(init));
  expect(samples.length).toBe(13);
  expect(samples.map(({ pts }) => pts)).toEqual(Array.from({ length: 13 }, (_, n) => n * 3600));
  expect(samples[0]!.offset + samples[0]!.size).toBe(fragment.key_bytes);
  expect(samples[12]!.offset + samples[12]!.size).toBe(bytes.length);
});

test('B-frames have their own presentation times', () => {
  const { init, bytes } = first('cam-hall.main');
  const samples = read_samples(bytes, parse_init(init));
  const shown = samples.map(({ pts }) => pts).sort((a, b) => a - b);
  expect(samples.some(({ pts }, n) => n > 0 && pts < samples[n - 1]!.pts)).toBe(true);
  expect(shown.map((pts, n) => pts - shown[0]! - n * 4500)).toEqual(shown.map(() => 0));
});

test('a key frame alone can be read from the beginning of its fragment', () => {
  const { init, bytes, fragment } = first('cam-w3.main');
  const [sample] = read_samples(bytes.subarray(0, fragment.key_bytes), parse_init(init));
  expect(sample!.offset + sample!.size).toBe(fragment.key_bytes);
});

test('fragments that follow each other are read as one piece, and sound between them is left out', () => {
  const picture = (n: number) => picture_fragment(1, n * 3600, [{ payload: new Uint8Array([n, n, n]), duration: 3600 }], n === 0);
  const sound = picture_fragment(2, 0, [{ payload: new Uint8Array(9), duration: 160 }], true);
  const track: TrackInfo = { timescale: 90000, track_id: 1, default_duration: 0, default_size: 0 };
  const joined = (...parts: Uint8Array[]) => new Uint8Array(parts.flatMap((part) => [...part]));
  const piece = joined(picture(0), sound, picture(1), sound, picture(2));
  const samples = read_samples(piece, track);
  expect(samples.map(({ pts }) => pts)).toEqual([0, 3600, 7200]);
  expect(samples.map(({ offset, size }) => [...piece.subarray(offset, offset + size)])).toEqual([[0, 0, 0], [1, 1, 1], [2, 2, 2]]);
  expect(pictures_only(piece, track)).toEqual(joined(picture(0), picture(1), picture(2)));
  expect(pictures_only(joined(sound, picture(1)), track)).toEqual(picture(1));
  const alone = joined(picture(0), picture(1));
  expect(pictures_only(alone, track)).toBe(alone);
});

test('a key frame is read from more bytes than it has', () => {
  const { init, bytes, fragment } = first('cam-w3.main');
  const [sample] = read_samples(bytes.subarray(0, fragment.key_bytes + 77), parse_init(init));
  expect(sample!.offset + sample!.size).toBe(fragment.key_bytes);
});

test('a fragment of one sample is read back as it was made', () => {
  const track: TrackInfo = { timescale: 90000, track_id: 7, default_duration: 0, default_size: 0 };
  const payload = new Uint8Array([1, 2, 3, 4, 5]);
  const time = 2 ** 33 + 5;
  const bytes = picture_fragment(7, time, [{ payload, duration: 450_000 }], true);
  const samples = read_samples(bytes, track);
  expect(samples).toEqual([{ pts: time, dts: time, duration: 450_000, offset: bytes.length - 5, size: 5 }]);
  expect([...bytes.slice(-5)]).toEqual([...payload]);
});

test('a shot that opens a file carries what it needs before it, for a tick each', () => {
  const track: TrackInfo = { timescale: 90000, track_id: 1, default_duration: 0, default_size: 0 };
  const pictures = [1, 2, 3].map((n) => ({ payload: new Uint8Array(n).fill(n), duration: n === 3 ? 450_000 : 1 }));
  const bytes = picture_fragment(1, 0, pictures, true);
  expect(read_samples(bytes, track).map(({ pts, duration, size }) => [pts, duration, size])).toEqual([[0, 1, 1], [1, 1, 2], [2, 450_000, 3]]);
  expect([...bytes.slice(-6)]).toEqual([1, 2, 2, 3, 3, 3]);
});

test('bytes that are no fragment are refused, never read beyond', () => {
  const { init, bytes } = first('cam-w3.main');
  const track = parse_init(init);
  expect(() => read_samples(new Uint8Array(0), track)).toThrow(RangeError);
  expect(() => parse_init(bytes)).toThrow(RangeError);
  for (let n = 0; n < 400; n++) {
    const broken = bytes.slice(0, 700);
    broken[(n * 131) % 700] = (n * 37) & 0xff;
    try {
      for (const { size } of read_samples(broken, track)) expect(size).toBeGreaterThanOrEqual(0);
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
    }
  }
});
