import type { FragmentIndex, Fragment } from './fragment_index';
import type { FragmentStore, Wish } from './fragment_store';
import type { MediaFeed } from './media_feed';
import { parse_init, picture_fragment, pictures_only, read_samples, type Sample, type TrackInfo } from './mp4';

/** How a fragment is given to the browser. */
export type Form =
  /** As it is in the file. */
  | 'whole'
  /** Its last sample, lasting until the next fragment: a screen's shot, and what stands before it in its fragment. Needs the shots before it, from the key shot on. */
  | 'shot'
  /** Its key frame alone, lasting until the next fragment: for fast play and for dragging. Needs nothing before it. */
  | 'key';

export interface Piece {
  fragment: Fragment;
  form: Form;
  /** How long a 'shot' or 'key' picture stands. */
  end_us: number;
}

export interface Run {
  mime: string;
  bytes: Uint8Array;
  track: TrackInfo;
}

/** Wall times of a frame. */
export interface Frame {
  start_us: number;
  end_us: number;
}

/** Init segments and sample tables of one stream. Kept while the page is open: some hundred bytes a fragment. */
export class StreamTables {
  private readonly runs = new Map<number, Run | Promise<Run>>();
  private readonly frames_ = new Map<string, Frame[]>();

  constructor(private readonly load: (run_start_us: number) => Promise<{ mime: string; bytes: Uint8Array }>) {}

  /** The run's init, if it is here; else it is asked for and `then` is called when it is. */
  run(run_start_us: number, then: (error: unknown) => void): Run | null {
    const known = this.runs.get(run_start_us);
    if (known && !(known instanceof Promise)) return known;
    if (known) return null;
    const loading = this.load(run_start_us).then(({ mime, bytes }) => ({ mime, bytes, track: parse_init(bytes) }));
    this.runs.set(run_start_us, loading);
    loading.then(
      (run) => {
        this.runs.set(run_start_us, run);
        then(null);
      },
      (error) => {
        this.runs.delete(run_start_us);
        then(error);
      },
    );
    return null;
  }

  /** Exact times of the frames of a fragment whose bytes are at hand, by presentation. */
  frames(fragment: Fragment, run: Run, bytes: Uint8Array): Frame[] {
    const id = piece_id(fragment);
    let frames = this.frames_.get(id);
    if (!frames) {
      frames = frames_of(read_samples(bytes, run.track), run.track.timescale, fragment.segment.start_us);
      this.frames_.set(id, frames);
    }
    return frames;
  }

  known_frames(fragment: Fragment): Frame[] | null {
    return this.frames_.get(piece_id(fragment)) ?? null;
  }
}

function frames_of(samples: Sample[], timescale: number, zero_us: number): Frame[] {
  const sorted = [...samples].sort((a, b) => a.pts - b.pts);
  const us = (ticks: number) => zero_us + Math.round((ticks * 1e6) / timescale);
  return sorted.map((sample, n) => ({ start_us: us(sample.pts), end_us: us(sorted[n + 1]?.pts ?? sample.pts + sample.duration) }));
}

function piece_id(fragment: Fragment): string {
  return `${fragment.segment.start_us}/${fragment.offset}`;
}

interface Given {
  piece: Piece;
  /** Presentation of its first frame. */
  first_us: number;
  /** End of its last frame, or how long its one picture stands. */
  until_us: number;
  /** A moment of it that must be in the browser's buffer if it is still there. */
  probe_us: number;
}

/**
 * Brings pieces of footage into one MediaFeed, in an order that the browser accepts: a fragment that does not begin with a key frame
 * only directly after the one before it (MSE drops frames after a jump until the next key frame). Remembers what is in, and
 * checks that against the browser's own ranges, for it may evict. Owner: a projector; one per feed, all pieces of one form.
 */
export class Feeder {
  private readonly given = new Map<string, Given>();
  private readonly refused = new Map<string, number>();
  /** Grows when the reader's moment was taken out and given anew: whoever sought it must seek again. */
  epoch = 0;
  private last: Piece | null = null;
  private plan: Piece[] = [];
  private pumping = false;
  /** After a failure: the same again at once would fail again, as fast as the browser can. */
  private rest_until_ms = 0;
  private around_us = 0;

  /** Called when something was appended, or could not be (`error`). */
  constructor(
    private readonly stream: string,
    readonly feed: MediaFeed,
    private readonly index: FragmentIndex,
    private readonly store: FragmentStore,
    private readonly tables: StreamTables,
    private readonly changed: (error: unknown) => void,
  ) {}

  static wish(stream: string, piece: Piece): Wish {
    return { stream, fragment: piece.fragment, key_only: piece.form === 'key' };
  }

  has(piece: Piece): boolean {
    const given = this.given.get(piece_id(piece.fragment));
    if (!given || given.piece.form !== piece.form) return false;
    if (piece.form !== 'whole' && piece.end_us - given.until_us > 10_000) return false;
    if (this.feed.is_buffered(given.probe_us)) return true;
    this.given.delete(piece_id(piece.fragment));
    return false;
  }

  /** Where to stand in a piece of one picture that is in. */
  rest_in(piece: Piece): { at_us: number; frame_us: number } {
    const frame_us = this.given.get(piece_id(piece.fragment))?.first_us ?? piece.fragment.start_us;
    return { at_us: frame_us + Math.min(20_000, (piece.end_us - piece.fragment.start_us) / 2), frame_us };
  }

  /** What should be in the feed, most urgent first, and the window outside which everything may go. */
  async follow(plan: Piece[], around_us: number, keep_from_us: number, keep_to_us: number): Promise<void> {
    this.plan = plan;
    this.around_us = around_us;
    if (this.pumping || !this.feed.is_open || performance.now() < this.rest_until_ms) return;
    this.pumping = true;
    try {
      await this.prune(keep_from_us, keep_to_us);
      for (let piece = this.next(); piece; piece = this.next()) {
        if (!(await this.give(piece))) break;
      }
    } catch (error) {
      this.given.clear();
      this.last = null;
      this.rest_until_ms = performance.now() + kRestMs;
      this.changed(error);
    } finally {
      this.pumping = false;
    }
  }

  /** The next piece of the plan that is missing, or the beginning of the chain it hangs on. */
  private next(): Piece | null {
    const piece = this.plan.find((candidate) => !this.has(candidate));
    if (!piece || piece.form === 'key' || piece.fragment.key_bytes > 0) return piece ?? null;
    if (this.follows(piece) && this.has(this.last!)) return piece;
    const key = this.index.key_of(piece.fragment);
    return key === piece.fragment ? piece : { fragment: key, form: piece.form, end_us: key.end_us };
  }

  /** It comes directly behind what was given last. */
  private follows({ form, fragment }: Piece): boolean {
    const { last } = this;
    return last !== null && last.form === form && last.fragment.segment.start_us === fragment.segment.start_us && last.fragment.n === fragment.n - 1;
  }

  /** A group of pictures that is in only in part can be completed only by giving it anew: out with what is in. True: the reader's moment was in it. */
  private async make_way(piece: Piece): Promise<boolean> {
    const { fragments } = piece.fragment.segment;
    let from_us = Infinity;
    let to_us = -Infinity;
    for (let n = piece.fragment.n; n < fragments.length && (n === piece.fragment.n || fragments[n]!.key_bytes === 0); n++) {
      const given = this.given.get(piece_id(fragments[n]!));
      if (!given) continue;
      from_us = Math.min(from_us, given.first_us);
      to_us = Math.max(to_us, given.until_us);
      this.given.delete(piece_id(fragments[n]!));
    }
    if (from_us >= to_us) return false;
    await this.feed.remove(from_us, to_us);
    return from_us <= this.around_us && this.around_us <= to_us;
  }

  private async give(piece: Piece): Promise<boolean> {
    const { fragment } = piece;
    const bytes = this.store.get(Feeder.wish(this.stream, piece));
    const run = this.tables.run(fragment.segment.run_start_us, this.changed);
    if (!bytes || !run) return false;
    if (!MediaSource.isTypeSupported(run.mime)) return false;
    const first_us = this.first_us(piece, bytes, run);
    const replaced = fragment.key_bytes > 0 && (await this.make_way(piece));
    await this.feed.use_init(String(fragment.segment.run_start_us), run.mime, run.bytes);
    if (!this.follows(piece) || piece.form === 'key') this.feed.break_off();
    const shaped = piece.form === 'whole' ? pictures_only(bytes, run.track) : pictures_of(piece, bytes, run);
    await this.feed.append(shaped, fragment.segment.start_us, this.around_us);
    const probe_us = first_us + Math.min(5_000, (piece.end_us - fragment.start_us) / 2);
    this.verify(piece, probe_us);
    const until_us = this.tables.known_frames(fragment)?.slice(-1)[0]?.end_us;
    this.given.set(piece_id(fragment), { piece, first_us, until_us: (piece.form === 'whole' && until_us) || stands_until_us(piece), probe_us });
    this.last = piece;
    if (replaced) this.epoch++;
    this.changed(null);
    return true;
  }

  private first_us(piece: Piece, bytes: Uint8Array, run: Run): number {
    if (piece.form === 'whole') return this.tables.frames(piece.fragment, run, bytes)[0]?.start_us ?? piece.fragment.start_us;
    const sample = read_samples(bytes, run.track)[0];
    return piece.fragment.segment.start_us + Math.round(((sample?.pts ?? 0) * 1e6) / run.track.timescale);
  }

  /** A browser that accepts bytes and shows nothing of them must not be fed for ever. */
  private verify(piece: Piece, probe_us: number): void {
    const id = `${piece_id(piece.fragment)}/${piece.form}`;
    const times = this.feed.is_buffered(probe_us) ? 0 : (this.refused.get(id) ?? 0) + 1;
    this.refused.set(id, times);
    if (times > 2) throw new Error('the browser dropped the footage');
  }

  /**
   * Cuts only between groups of pictures: to remove a key frame is to remove all that hangs on it. The browser cuts by
   * presentation times, which with B-frames are later than the index's.
   */
  private async prune(from_us: number, to_us: number): Promise<void> {
    let low = Infinity;
    let high = -Infinity;
    for (const { piece, until_us } of this.given.values()) {
      if (piece.end_us <= from_us || piece.fragment.start_us >= to_us) continue;
      const key = this.index.key_of(piece.fragment);
      low = Math.min(low, this.given.get(piece_id(key))?.first_us ?? key.start_us);
      high = Math.max(high, until_us);
    }
    if (low > high) [low, high] = [from_us, to_us];
    let stale = false;
    for (const [id, { first_us, until_us }] of this.given) {
      if (until_us > low && first_us < high) continue;
      this.given.delete(id);
      stale = true;
    }
    if (stale) await this.feed.keep(low, high);
  }
}

const kRestMs = 1_500;
const kOpenEnd = 30_000_000;

/** The newest picture of a file that is being written stands until the next one comes, whenever that is. */
function stands_until_us({ fragment, end_us }: Piece): number {
  const { open, fragments } = fragment.segment;
  return open && fragment.n === fragments.length - 1 ? end_us + kOpenEnd : end_us;
}

/** Of a key frame its first sample; of a shot all of them, for all but the last are there only to decode that one. */
function pictures_of(piece: Piece, bytes: Uint8Array, run: Run): Uint8Array {
  const { fragment } = piece;
  const samples = read_samples(bytes, run.track);
  if (piece.form === 'key') samples.length = Math.min(samples.length, 1);
  const [first, last] = [samples[0], samples[samples.length - 1]];
  if (!first || !last || last.offset + last.size > bytes.length) throw new RangeError('a fragment without its first sample');
  const until = first.pts + Math.round(((stands_until_us(piece) - fragment.start_us) * run.track.timescale) / 1e6);
  const pictures = samples.map((sample) => ({
    payload: bytes.subarray(sample.offset, sample.offset + sample.size),
    duration: sample === last ? Math.max(1, until - sample.pts) : sample.duration,
  }));
  return picture_fragment(run.track.track_id, first.pts, pictures, fragment.key_bytes > 0);
}
