import { Feeder, StreamTables, type Frame, type Piece } from './feeder';
import type { Fragment } from './fragment_index';
import type { FragmentStore } from './fragment_store';
import { Projector, type Rest } from './projector';
import type { Place, StreamFacts } from './stream_facts';
import type { SyncClock } from './sync_clock';
import { kSecond } from './time_format';
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

const kRetryMs = 4_000;

/**
 * One stream, led by the session's clock. tick() looks at the clock and does the next right thing; it is
 * called ten times a second and whenever something arrived, so it must be cheap and may be called at any time.
 * Owner: the review session. Fails into state(): a sentence, and another try every few seconds.
 */
export abstract class Player {
  /** To be put into the page: holds the projectors' videos, the one that counts in front. */
  readonly element = document.createElement('div');
  readonly key: string;
  /** Called when tick() should be called soon. */
  on_change: (() => void) | null = null;

  private readonly main: Projector;
  /** For key frames; made when they are first wanted. */
  private keys: Projector | null = null;
  private front_: Projector;
  private state_: PaneState = { kind: 'loading' };
  private error: { message: string; at_ms: number } | null = null;
  private closed = false;

  constructor(protected readonly parts: PlayerParts) {
    this.key = parts.stream.key;
    this.main = this.new_projector();
    this.front_ = this.main;
    this.main.video.dataset.front = '';
  }

  get state(): PaneState {
    return this.state_;
  }

  /** The <video> that counts now. */
  get video(): HTMLVideoElement {
    return this.front.video;
  }

  /** Wall time of the picture that is on the screen, from the browser's own account of the frame; null without one. */
  shown_us(): number | null {
    return this.state_.kind === 'footage' ? this.front.shown_us : null;
  }

  /** How far the picture's position is behind the clock. */
  off_us(t_us: number): number {
    return t_us - this.front.position_us;
  }

  /** The clock's moment is on the screen, or there is nothing to wait for. */
  ready(): boolean {
    return this.state_.kind !== 'loading' && (this.state_.kind !== 'footage' || this.front.settled());
  }

  tick(): void {
    if (this.closed) return;
    const t_us = this.parts.clock.now_us();
    this.choose_front(this.keys_only);
    if (!this.front.holds(t_us) || this.front.feeder.feed.failed) this.renew(t_us);
    const place = this.parts.facts.locate(t_us);
    const fragment = place.kind === 'footage' ? place.fragment : this.next_after(place, t_us);
    const plan = fragment ? this.plan(fragment, Math.max(t_us, fragment.start_us)) : null;
    this.feed(plan, t_us);
    this.raise_front();
    this.set_state(place, plan);
    if (place.kind === 'footage' && plan) {
      if (this.state_.kind === 'footage') this.align(t_us, plan);
    } else {
      this.video.pause();
      if (plan && this.is_in(plan)) this.front.rest_at(this.rest(plan, Math.max(t_us, fragment!.start_us)));
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
    this.main.close();
    this.keys?.close();
  }

  /** Key frames alone are to be shown. */
  get keys_only(): boolean {
    return false;
  }

  protected get front(): Projector {
    return this.front_;
  }

  /** What must be in the browser to show `fragment` at t, and what comes next. */
  protected abstract plan(fragment: Fragment, t_us: number): Plan;
  /** Where to stand to show t's picture and no other. */
  protected abstract rest(plan: Plan, t_us: number): Rest;
  /** Follow the clock; the picture for t is in the browser. */
  protected abstract align(t_us: number, plan: Plan): void;

  private is_in(plan: Plan): boolean {
    return plan.needed.every((piece) => this.front.feeder.has(piece));
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
    void this.front.feeder.follow(pieces, t_us, plan.keep_from_us, plan.keep_to_us);
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

  private new_projector(): Projector {
    const projector: Projector = new Projector(this.parts, this.parts.clock.now_us(), (error) => this.note(error));
    this.element.append(projector.video);
    return projector;
  }

  /** The other one stays behind, as it is: it will be wanted again. */
  private choose_front(keys_only: boolean): void {
    const front = keys_only ? (this.keys ??= this.new_projector()) : this.main;
    if (front !== this.front_) this.front_.video.pause();
    this.front_ = front;
  }

  /** Not before it has a picture: the one that is seen meanwhile is at least of this place. */
  private raise_front(): void {
    if ('front' in this.front_.video.dataset || !this.front_.settled()) return;
    for (const video of this.element.querySelectorAll('video')) delete video.dataset.front;
    this.front_.video.dataset.front = '';
  }

  private renew(t_us: number): void {
    const { failed } = this.front.feeder.feed;
    if (failed) {
      if (this.error && performance.now() - this.error.at_ms < kRetryMs) return;
      this.error = { message: failed, at_ms: performance.now() };
    }
    this.front.renew(t_us);
  }
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
