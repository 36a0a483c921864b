import { Feeder, StreamTables, type Frame, type Piece } from './feeder';
import type { Fragment } from './fragment_index';
import type { FragmentStore } from './fragment_store';
import { MediaFeed } from './media_feed';
import type { Place, StreamFacts } from './stream_facts';
import type { SyncClock } from './sync_clock';
import { kDay, kSecond } from './time_format';
import type { Gap, VisitStream } from './words';

/** What a pane says. Whatever is not `footage` is a sentence in place of a picture: a pane is never black. */
export type PaneState =
  | { kind: 'loading' }
  | { kind: 'footage' }
  | { kind: 'gap'; gap: Gap | null }
  | { kind: 'not_yet' }
  | { kind: 'unsupported'; mime: string }
  | { kind: 'error'; message: string };

/** Everything a player borrows; all of it outlives the player. */
export interface PlayerParts {
  stream: VisitStream;
  facts: StreamFacts;
  store: FragmentStore;
  clock: SyncClock;
  tables: StreamTables;
}

/** What to have in the browser for a moment. `needed` must be in before its picture can be shown. */
export interface Plan {
  needed: Piece[];
  ahead: Piece[];
  /** To be fetched, but not given to the browser yet. */
  at_hand: Piece[];
  keep_from_us: number;
  keep_to_us: number;
}

/** Where to stand, inside a frame and away from its edges, and when that frame begins. */
export interface Rest {
  at_us: number;
  frame_us: number;
}

const kRetryMs = 4_000;
const kSameFrame = 2_000;
/** A seek that takes longer is asked for again. */
const kStuckMs = 1_000;

/**
 * One stream in one <video>, led by the session's clock. tick() looks at the clock and does the next right thing; it is
 * called ten times a second and whenever something arrived, so it must be cheap and may be called at any time.
 * Owner: the review session. Fails into state(): a sentence, and another try every few seconds.
 */
export abstract class Player {
  readonly video: HTMLVideoElement;
  readonly key: string;
  /** Called when tick() should be called soon. */
  on_change: (() => void) | null = null;

  protected feeder: Feeder;
  private state_: PaneState = { kind: 'loading' };
  private frame_us: number | null = null;
  private error: { message: string; at_ms: number } | null = null;
  private closed = false;
  private seek_ms = 0;
  private seek_epoch = 0;
  private last_seek_cost_ms = 60;
  /** The frame that was sought last, while the clock stands. */
  private wanted_us: number | null = null;

  constructor(protected readonly parts: PlayerParts) {
    this.key = parts.stream.key;
    this.video = document.createElement('video');
    this.video.muted = true;
    this.video.playsInline = true;
    this.video.disablePictureInPicture = true;
    this.video.tabIndex = -1;
    this.video.addEventListener('seeked', () => {
      this.last_seek_cost_ms = performance.now() - this.seek_ms;
      this.on_change?.();
    });
    this.video.addEventListener('loadeddata', () => this.on_change?.());
    this.feeder = this.new_feeder(parts.clock.now_us());
    this.watch_frames();
  }

  get state(): PaneState {
    return this.state_;
  }

  /** Wall time of the picture that is on the screen, from the browser's own account of the frame; null without one. */
  shown_us(): number | null {
    return this.state_.kind === 'footage' ? this.frame_us : null;
  }

  /** How far the picture's position is behind the clock. */
  off_us(t_us: number): number {
    return t_us - this.position_us();
  }

  /** The clock's moment is on the screen, or there is nothing to wait for. */
  ready(): boolean {
    return this.state_.kind !== 'loading' && (this.state_.kind !== 'footage' || this.settled());
  }

  tick(): void {
    if (this.closed) return;
    const t_us = this.parts.clock.now_us();
    if (!this.feeder.feed.holds(t_us) || this.feeder.feed.failed) this.renew(t_us);
    const place = this.parts.facts.locate(t_us);
    const fragment = place.kind === 'footage' ? place.fragment : this.next_after(place, t_us);
    const plan = fragment ? this.plan(fragment, Math.max(t_us, fragment.start_us)) : null;
    this.feed(plan, t_us);
    this.set_state(place, plan);
    if (place.kind === 'footage' && plan) {
      if (this.state_.kind === 'footage') this.align(t_us, plan);
    } else {
      this.video.pause();
      if (plan && this.is_in(plan)) this.rest_at(this.rest(plan, Math.max(t_us, fragment!.start_us)));
    }
  }

  /** Frames of the fragment, if its bytes are or were here. */
  frames(fragment: Fragment): Frame[] | null {
    const known = this.parts.tables.known_frames(fragment);
    if (known) return known;
    const run = this.parts.tables.run(fragment.segment.run_start_us, () => this.on_change?.());
    const bytes = this.parts.store.get({ stream: this.key, fragment, key_only: false });
    return run && bytes ? this.parts.tables.frames(fragment, run, bytes) : null;
  }

  retry(): void {
    this.error = null;
    this.parts.facts.retry();
    this.parts.store.retry();
    this.on_change?.();
  }

  close(): void {
    this.closed = true;
    this.on_change = null;
    this.parts.store.want(this, []);
    this.feeder.feed.close();
  }

  /** What must be in the browser to show `fragment` at t, and what comes next. */
  protected abstract plan(fragment: Fragment, t_us: number): Plan;
  /** Where to stand to show t's picture and no other. */
  protected abstract rest(plan: Plan, t_us: number): Rest;
  /** Follow the clock; the picture for t is in the browser. */
  protected abstract align(t_us: number, plan: Plan): void;

  protected rest_at(rest: Rest): void {
    this.wanted_us = rest.frame_us;
    this.video.pause();
    this.seek_to(rest.at_us);
  }

  /** The clock runs: no frame in particular is wanted. */
  protected let_run(): void {
    this.wanted_us = null;
  }

  protected seek_to(us: number): void {
    const seconds = this.feeder.feed.seconds(us);
    if (!this.must_seek()) {
      if (this.video.seeking || Math.abs(this.video.currentTime - seconds) < 0.0005) return;
    }
    this.seek_ms = performance.now();
    this.seek_epoch = this.feeder.epoch;
    this.video.currentTime = seconds;
  }

  /** The last seek hangs or missed, or what it sought was taken out and given anew. */
  protected must_seek(): boolean {
    if (this.seek_epoch !== this.feeder.epoch) return true;
    if (performance.now() - this.seek_ms < kStuckMs || this.state_.kind !== 'footage') return false;
    return this.video.seeking || (this.wanted_us !== null && this.video.readyState >= 2 && !this.settled());
  }

  /** How long a seek takes here: a running clock will have gone on by that much. */
  protected seek_lead_us(): number {
    return Math.min(300, this.last_seek_cost_ms) * 1000 * this.parts.clock.rate;
  }

  protected position_us(): number {
    return this.feeder.feed.us(this.video.currentTime);
  }

  /** `seeked` comes before the picture is on the screen, so the frame's own account counts. A hidden page has none. */
  private settled(): boolean {
    if (this.video.seeking || this.video.readyState < 2) return false;
    if (this.wanted_us === null || document.hidden) return true;
    return this.frame_us !== null && Math.abs(this.frame_us - this.wanted_us) < kSameFrame;
  }

  private is_in(plan: Plan): boolean {
    return plan.needed.every((piece) => this.feeder.has(piece));
  }

  private next_after(place: Place, t_us: number): Fragment | null {
    const next = place.kind === 'gap' ? this.parts.facts.index.after(t_us) : null;
    return next && next.start_us - t_us < 20 * kSecond * Math.max(1, this.parts.clock.rate) ? next : null;
  }

  private feed(plan: Plan | null, t_us: number): void {
    if (!plan) {
      this.parts.store.want(this, []);
      return;
    }
    const pieces = [...plan.needed, ...plan.ahead];
    const wishes = [...pieces, ...plan.at_hand].map((piece) => Feeder.wish(this.key, piece));
    this.parts.store.want(this, wishes, plan.needed.length);
    void this.feeder.follow(pieces, t_us, plan.keep_from_us, plan.keep_to_us);
  }

  private set_state(place: Place, plan: Plan | null): void {
    if (this.error && performance.now() - this.error.at_ms > kRetryMs) this.error = null;
    if (place.kind === 'error') this.state_ = { kind: 'error', message: sentence(place.error) };
    else if (place.kind !== 'footage') this.state_ = place;
    else this.state_ = this.footage_state(place.fragment, plan!);
  }

  private footage_state(fragment: Fragment, plan: Plan): PaneState {
    const run = this.parts.tables.run(fragment.segment.run_start_us, (error) => this.note(error));
    if (run && !MediaSource.isTypeSupported(run.mime)) return { kind: 'unsupported', mime: run.mime };
    if (this.is_in(plan)) return { kind: 'footage' };
    for (const piece of plan.needed) {
      const failure = this.parts.store.failure(Feeder.wish(this.key, piece));
      if (failure) return { kind: 'error', message: sentence(failure) };
    }
    return this.error ? { kind: 'error', message: this.error.message } : { kind: 'loading' };
  }

  private note(error: unknown): void {
    if (this.closed) return;
    if (error) this.error = { message: sentence(error), at_ms: performance.now() };
    this.on_change?.();
  }

  private new_feeder(t_us: number): Feeder {
    const { facts, store, tables } = this.parts;
    const feed = new MediaFeed(this.video, Math.floor(t_us / kDay - 1) * kDay);
    const feeder = new Feeder(this.key, feed, facts.index, store, tables, (error) => {
      if (feeder === this.feeder) this.note(error);
    });
    void feed.open().then(() => this.on_change?.());
    return feeder;
  }

  /** A new MediaSource: the old one broke, or the moment is outside its days. */
  private renew(t_us: number): void {
    const failed = this.feeder.feed.failed;
    if (failed) {
      if (this.error && performance.now() - this.error.at_ms < kRetryMs) return;
      this.error = { message: failed, at_ms: performance.now() };
    }
    this.feeder.feed.close();
    this.frame_us = null;
    this.feeder = this.new_feeder(t_us);
    this.seek_epoch = -1;
  }

  private watch_frames(): void {
    const { video } = this;
    if (!video.requestVideoFrameCallback) {
      // Such a browser says only where it stands; what was sought counts as shown.
      for (const event of ['timeupdate', 'seeked']) video.addEventListener(event, () => (this.frame_us = this.wanted_us ?? this.position_us()));
      return;
    }
    const note = (_now: number, frame: { mediaTime: number }) => {
      this.frame_us = this.feeder.feed.us(frame.mediaTime);
      if (this.wanted_us !== null) this.on_change?.();
      if (!this.closed) video.requestVideoFrameCallback(note);
    };
    video.requestVideoFrameCallback(note);
  }
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
