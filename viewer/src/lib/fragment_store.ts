import type { Fragment } from './fragment_index';

/** A piece of footage that somebody needs: the whole video part of a fragment, or its key frame alone. */
export interface Wish {
  stream: string;
  fragment: Fragment;
  key_only: boolean;
}

export type FetchBytes = (stream: string, segment_start_us: number, offset: number, count: number, signal: AbortSignal) => Promise<Uint8Array>;

interface WishList {
  wishes: Wish[];
  /** The first so many are needed now; the rest is look-ahead and never travels in their requests. */
  urgent: number;
}

interface Job {
  wishes: Wish[];
  abort: AbortController;
}

interface Failure {
  count: number;
  retry_at_ms: number;
  error: unknown;
}

const kCoalesceBytes = 512 * 1024;

export function wish_bytes(wish: Wish): number {
  return wish.key_only ? wish.fragment.key_bytes : wish.fragment.video_bytes;
}

function id_of(wish: Wish): string {
  const { segment, offset } = wish.fragment;
  return `${wish.stream}/${segment.start_us}/${offset}/${wish.key_only ? 'k' : wish.fragment.video_bytes}`;
}

/**
 * Footage bytes in memory, for all panes of a page: a bounded cache with the least recently used thrown out, and at most a few
 * requests in flight (browsers allow six per host). Owners say what they want, most urgent first, and each new list replaces
 * the one before; what nobody wants any more is cancelled. Owner: the review session. Fails per piece: failure() says why, and
 * the piece is tried again after a growing pause.
 */
export class FragmentStore {
  /** Called when a piece arrived or failed. */
  on_change: (() => void) | null = null;

  private readonly cache = new Map<string, Uint8Array>(); // in order of use
  private readonly wanted = new Map<unknown, WishList>();
  private readonly jobs = new Set<Job>();
  private readonly failures = new Map<string, Failure>();
  private bytes_ = 0;
  private retry_timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly fetch_bytes: FetchBytes,
    private readonly limit_bytes = 64 * 1024 * 1024,
    private readonly max_in_flight = 4,
    private readonly now_ms: () => number = () => performance.now(),
  ) {}

  get bytes(): number {
    return this.bytes_;
  }

  get in_flight(): number {
    return this.jobs.size;
  }

  /** The bytes, if they are here. The key frame of a fragment that is here whole is its beginning. */
  get(wish: Wish): Uint8Array | null {
    const id = id_of(wish);
    const found = this.cache.get(id);
    if (found) {
      this.cache.delete(id);
      this.cache.set(id, found);
      return found;
    }
    if (!wish.key_only) return null;
    const whole = this.get({ ...wish, key_only: false });
    return whole ? whole.subarray(0, wish.fragment.key_bytes) : null;
  }

  want(owner: unknown, wishes: Wish[], urgent = 0): void {
    if (wishes.length) this.wanted.set(owner, { wishes, urgent });
    else this.wanted.delete(owner);
    this.cancel_unwanted();
    this.start_jobs();
  }

  failure(wish: Wish): unknown {
    return this.failures.get(id_of(wish))?.error ?? null;
  }

  /** Forgets failures, so that everything wanted is tried at once. */
  retry(): void {
    this.failures.clear();
    this.start_jobs();
  }

  close(): void {
    this.on_change = null;
    this.wanted.clear();
    for (const job of this.jobs) job.abort.abort();
    if (this.retry_timer !== null) clearTimeout(this.retry_timer);
    this.cache.clear();
    this.bytes_ = 0;
  }

  private cancel_unwanted(): void {
    const ids = new Set<string>();
    for (const { wishes } of this.wanted.values()) for (const wish of wishes) ids.add(id_of(wish));
    for (const job of this.jobs) {
      if (!job.wishes.some((wish) => ids.has(id_of(wish)))) job.abort.abort();
    }
  }

  private start_jobs(): void {
    const busy = new Set<string>();
    for (const job of this.jobs) for (const wish of job.wishes) busy.add(id_of(wish));
    // Everybody's first wish, then everybody's second: no pane waits for another's look-ahead.
    const lists = [...this.wanted.values()];
    const depth = Math.max(0, ...lists.map(({ wishes }) => wishes.length));
    for (let rank = 0; rank < depth; rank++) {
      for (const list of lists) {
        if (this.jobs.size >= this.max_in_flight) return;
        const wish = list.wishes[rank];
        if (wish && this.is_missing(wish, busy)) this.start_job(list, rank, busy);
      }
    }
  }

  private is_missing(wish: Wish, busy: Set<string>): boolean {
    const id = id_of(wish);
    if (busy.has(id) || this.get(wish)) return false;
    const failure = this.failures.get(id);
    if (!failure || failure.retry_at_ms <= this.now_ms()) return true;
    this.schedule_retry(failure.retry_at_ms);
    return false;
  }

  private schedule_retry(at_ms: number): void {
    if (this.retry_timer !== null) return;
    this.retry_timer = setTimeout(() => {
      this.retry_timer = null;
      this.start_jobs();
    }, Math.max(0, at_ms - this.now_ms()));
  }

  /** Small neighbours (a chain of screen shots) travel in one request. */
  private start_job({ wishes: list, urgent }: WishList, rank: number, busy: Set<string>): void {
    const first = list[rank]!;
    const wishes = [first];
    let end = first.fragment.offset + wish_bytes(first);
    for (let i = rank + 1; i < (rank < urgent ? urgent : list.length); i++) {
      const wish = list[i]!;
      const adjacent = wish.stream === first.stream && wish.fragment.segment.start_us === first.fragment.segment.start_us && wish.fragment.offset === end;
      if (!adjacent || end + wish_bytes(wish) - first.fragment.offset > kCoalesceBytes || !this.is_missing(wish, busy)) break;
      wishes.push(wish);
      end += wish_bytes(wish);
    }
    const job: Job = { wishes, abort: new AbortController() };
    this.jobs.add(job);
    for (const wish of wishes) busy.add(id_of(wish));
    void this.run(job, end - first.fragment.offset);
  }

  private async run(job: Job, count: number): Promise<void> {
    const { stream, fragment } = job.wishes[0]!;
    try {
      const bytes = await this.fetch_bytes(stream, fragment.segment.start_us, fragment.offset, count, job.abort.signal);
      for (const wish of job.wishes) {
        const from = wish.fragment.offset - fragment.offset;
        this.keep(id_of(wish), bytes.slice(from, from + wish_bytes(wish)));
      }
    } catch (error) {
      if (!job.abort.signal.aborted) for (const wish of job.wishes) this.note_failure(wish, error);
    }
    this.jobs.delete(job);
    this.on_change?.();
    this.start_jobs();
  }

  private note_failure(wish: Wish, error: unknown): void {
    const count = (this.failures.get(id_of(wish))?.count ?? 0) + 1;
    this.failures.set(id_of(wish), { count, error, retry_at_ms: this.now_ms() + Math.min(8000, 250 * 2 ** count) });
  }

  private keep(id: string, bytes: Uint8Array): void {
    this.failures.delete(id);
    if (this.cache.has(id)) return;
    this.cache.set(id, bytes);
    this.bytes_ += bytes.length;
    for (const [oldest, old] of this.cache) {
      if (this.bytes_ <= this.limit_bytes || oldest === id) break;
      this.cache.delete(oldest);
      this.bytes_ -= old.length;
    }
  }
}
