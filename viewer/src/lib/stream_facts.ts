import type { Api } from './api';
import { FragmentIndex, parse_fragment_index, type Fragment } from './fragment_index';
import { kDay, kMinute, kSecond } from './time_format';
import type { Coverage, Gap, Shot } from './words';

/** What there is of a stream at one moment. */
export type Place =
  | { kind: 'loading' }
  | { kind: 'footage'; fragment: Fragment }
  /** `gap` is null when the ledger gives no cause. */
  | { kind: 'gap'; gap: Gap | null }
  /** Later than what has been recorded so far. */
  | { kind: 'not_yet' }
  | { kind: 'error'; error: unknown };

interface Chunk<T> {
  value: T | null;
  error: unknown;
  loading: boolean;
  loaded_ms: number;
  /** It reached into the future when it was loaded, so it may have grown. */
  volatile: boolean;
}

const kIndexChunk = 30 * kMinute;
const kMargin = kMinute;
const kRefreshMs = 2_000;
const kCoverageRefreshMs = 10_000;
const kErrorRetryMs = 3_000;
const kNotYet = 15 * kSecond;

/** Equal pieces of time of one kind of fact, loaded when asked for, and again while they can still grow. */
class Chunks<T> {
  private readonly chunks = new Map<number, Chunk<T>>();

  constructor(
    private readonly length_us: number,
    private readonly refresh_ms: number,
    private readonly load: (from_us: number, to_us: number) => Promise<T>,
    private readonly now_us: () => number,
    private readonly changed: () => void,
  ) {}

  /** The chunk of that moment; starts to load it, or to load it again when it has grown old. */
  at(us: number): Chunk<T> {
    const n = Math.floor(us / this.length_us);
    let chunk = this.chunks.get(n);
    if (!chunk) {
      chunk = { value: null, error: null, loading: false, loaded_ms: -Infinity, volatile: true };
      this.chunks.set(n, chunk);
    }
    const age_ms = performance.now() - chunk.loaded_ms;
    const due = chunk.error ? age_ms > kErrorRetryMs : chunk.volatile && age_ms > this.refresh_ms;
    if (due && !chunk.loading) void this.fetch(n, chunk);
    return chunk;
  }

  loaded(): T[] {
    const result: T[] = [];
    for (const chunk of this.chunks.values()) if (chunk.value !== null) result.push(chunk.value);
    return result;
  }

  retry(): void {
    for (const chunk of this.chunks.values()) if (chunk.error) chunk.loaded_ms = -Infinity;
  }

  private async fetch(n: number, chunk: Chunk<T>): Promise<void> {
    chunk.loading = true;
    const end_us = (n + 1) * this.length_us;
    const now_us = this.now_us();
    try {
      chunk.value = await this.load(n * this.length_us, end_us);
      chunk.error = null;
      chunk.volatile = end_us > now_us - kNotYet;
    } catch (error) {
      chunk.error = error;
    }
    chunk.loaded_ms = performance.now();
    chunk.loading = false;
    this.changed();
  }
}

/**
 * All that is known of one stream: fragment index, coverage and, for screens, the facts of the shots. Asks the server for
 * what is looked at and a little around it, and again every 2 s for what can still grow.
 * Owner: the review session. Fails per piece of time; a failed piece is tried again every 3 s while somebody looks at it.
 */
export class StreamFacts {
  readonly index = new FragmentIndex();
  on_change: (() => void) | null = null;
  /** Grows with every change: cheap to compare. */
  version = 0;

  private readonly index_chunks: Chunks<true>;
  private readonly coverage_chunks: Chunks<Coverage>;
  private readonly shot_chunks: Chunks<Shot[]> | null;

  constructor(api: Api, readonly stream: string, is_screen: boolean, readonly now_us: () => number) {
    const changed = () => {
      this.version++;
      this.on_change?.();
    };
    const load_index = async (from: number, to: number): Promise<true> => {
      this.index.merge(parse_fragment_index(await api.fragment_index(stream, from, to)));
      return true;
    };
    this.index_chunks = new Chunks(kIndexChunk, kRefreshMs, load_index, now_us, changed);
    this.coverage_chunks = new Chunks(kDay, kCoverageRefreshMs, (from, to) => api.coverage(stream, from, to), now_us, changed);
    this.shot_chunks = is_screen ? new Chunks(kIndexChunk, kRefreshMs, (from, to) => api.shots(stream, from, to), now_us, changed) : null;
  }

  locate(us: number): Place {
    const chunk = this.index_chunks.at(us);
    this.index_chunks.at(us + kMargin);
    this.index_chunks.at(us - kMargin);
    const coverage = this.coverage_chunks.at(us);
    const fragment = this.index.at(us);
    if (fragment) return { kind: 'footage', fragment };
    if (!chunk.value) return chunk.error ? { kind: 'error', error: chunk.error } : { kind: 'loading' };
    if (us > this.now_us() - kNotYet && !this.open_gap_at(coverage.value, us)) return { kind: 'not_yet' };
    if (!coverage.value) return coverage.error ? { kind: 'error', error: coverage.error } : { kind: 'loading' };
    return { kind: 'gap', gap: gap_at(coverage.value, us) };
  }

  /** The newest shot at or before that moment, or null (not a screen, or not known yet). */
  shot_at(us: number): Shot | null {
    if (!this.shot_chunks) return null;
    this.shot_chunks.at(us);
    this.shot_chunks.at(us - kMargin);
    let newest: Shot | null = null;
    for (const shots of this.shot_chunks.loaded()) {
      for (const shot of shots) if (shot.at_us <= us && (!newest || shot.at_us > newest.at_us)) newest = shot;
    }
    return newest;
  }

  /** Coverage of [from, to) as far as it is known; asks for the rest. Null while nothing of it is known. */
  coverage(from_us: number, to_us: number): Coverage | null {
    const result: Coverage = { footage: [], gaps: [] };
    let known = false;
    for (let day = Math.floor(from_us / kDay) * kDay; day < to_us; day += kDay) {
      const { value } = this.coverage_chunks.at(day);
      if (!value) continue;
      known = true;
      result.footage.push(...value.footage);
      result.gaps.push(...value.gaps);
    }
    return known ? result : null;
  }

  retry(): void {
    this.index_chunks.retry();
    this.coverage_chunks.retry();
    this.shot_chunks?.retry();
  }

  private open_gap_at(coverage: Coverage | null, us: number): boolean {
    return coverage !== null && gap_at(coverage, us) !== null;
  }
}

function gap_at(coverage: Coverage, us: number): Gap | null {
  return coverage.gaps.find((gap) => gap.begin_us <= us && (gap.end_us === null || us < gap.end_us)) ?? null;
}
