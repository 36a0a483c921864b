import { expect, test } from 'vitest';
import type { Fragment, Segment } from '../../src/lib/fragment_index';
import { FragmentStore, type Wish } from '../../src/lib/fragment_store';

const segment: Segment = { start_us: 0, end_us: 1e9, run_start_us: 0, open: false, fragments: [] };
let clock_ms = 0;

function wish(n: number, bytes: number, offset = n * bytes, stream = 'cam.main'): Wish {
  const fragment: Fragment = { segment, n, start_us: n * 1e6, end_us: (n + 1) * 1e6, offset, video_bytes: bytes, key_bytes: Math.min(10, bytes) };
  return { stream, fragment, key_only: false };
}

interface Call {
  offset: number;
  count: number;
  signal: AbortSignal;
  answer(): void;
  fail(): void;
}

function bench(limit = 1e9, in_flight = 4) {
  const calls: Call[] = [];
  const store = new FragmentStore((_stream, _segment, offset, count, signal) => new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new DOMException('gone', 'AbortError')));
    calls.push({ offset, count, signal, answer: () => resolve(new Uint8Array(count).map((_byte, n) => (offset + n) % 251)), fail: () => reject(new Error('no')) });
  }), limit, in_flight, () => clock_ms);
  return { calls, store };
}

const settle = () => new Promise((resolve) => setTimeout(resolve));

test('asks for at most four things at a time, everybody’s most urgent first', async () => {
  const { calls, store } = bench();
  const far = (owner: number) => [0, 1, 2].map((n) => wish(n, 600_000, n * 5_000_000, `cam-${owner}.main`));
  store.want('a', far(1));
  store.want('b', far(2));
  expect(calls.length).toBe(4);
  expect(calls.map(({ offset }) => offset)).toEqual([0, 5_000_000, 10_000_000, 0]);
  calls[0]!.answer();
  await settle();
  expect(calls.length).toBe(5);
});

test('small neighbours travel together, but look-ahead not with what is needed now', async () => {
  const { calls, store } = bench();
  store.want('a', [0, 1, 2, 3, 4].map((n) => wish(n, 1000)), 2);
  expect(calls.map(({ offset, count }) => [offset, count])).toEqual([[0, 2000], [2000, 3000]]);
  calls.forEach((call) => call.answer());
  await settle();
  expect(store.get(wish(3, 1000))![0]).toBe(3000 % 251);
});

test('what nobody wants any more is cancelled, what somebody wants is not', async () => {
  const { calls, store } = bench();
  store.want('a', [wish(0, 600_000)]);
  store.want('b', [wish(1, 600_000)]);
  store.want('a', [wish(9, 600_000)]);
  expect(calls[0]!.signal.aborted).toBe(true);
  expect(calls[1]!.signal.aborted).toBe(false);
  await settle();
  expect(store.failure(wish(0, 600_000))).toBeNull();
});

test('memory is bounded, and what was used last stays longest', async () => {
  const { calls, store } = bench(2_000);
  for (let n = 0; n < 3; n++) {
    store.want('a', [wish(n, 900, n * 5000)]);
    calls[n]!.answer();
    await settle();
    if (n === 1) store.get(wish(0, 900, 0));
  }
  expect(store.bytes).toBeLessThanOrEqual(2_000);
  expect(store.get(wish(0, 900, 0))).not.toBeNull();
  expect(store.get(wish(1, 900, 5000))).toBeNull();
});

test('a key frame is the beginning of a fragment that is here whole', async () => {
  const { calls, store } = bench();
  store.want('a', [wish(0, 900)]);
  calls[0]!.answer();
  await settle();
  const key = { ...wish(0, 900), key_only: true };
  expect(store.get(key)?.length).toBe(10);
  store.want('a', [key]);
  expect(calls.length).toBe(1);
});

test('a failure is known, waits, and is tried again', async () => {
  const { calls, store } = bench();
  let told = 0;
  store.on_change = () => told++;
  store.want('a', [wish(0, 900)]);
  calls[0]!.fail();
  await settle();
  expect(told).toBe(1);
  expect((store.failure(wish(0, 900)) as Error).message).toBe('no');
  store.want('a', [wish(0, 900)]);
  expect(calls.length).toBe(1);
  clock_ms += 600;
  store.want('a', [wish(0, 900)]);
  expect(calls.length).toBe(2);
  calls[1]!.answer();
  await settle();
  expect(store.failure(wish(0, 900))).toBeNull();
  store.close();
});
