import type { Api } from './api';
import { StreamTables } from './feeder';
import { FragmentStore } from './fragment_store';
import { GopPlayer, kKeyFramesFromRate } from './gop_player';
import type { PaneState, Player } from './player';
import { ScreenPlayer } from './screen_player';
import { StreamFacts } from './stream_facts';
import { SyncClock } from './sync_clock';
import { kSecond } from './time_format';
import type { Gap, Shot, VisitStream } from './words';

export interface PaneSnapshot {
  state: PaneState;
  shown_us: number | null;
  /** Of screens: start of the shot on show, and what the window was called. */
  shot_us: number | null;
  shot: Shot | null;
}

export interface Snapshot {
  t_us: number;
  playing: boolean;
  held: boolean;
  rate: number;
  /** Largest distance between a camera's picture and the clock, or null when nothing plays. */
  off_us: number | null;
  panes: ReadonlyMap<string, PaneSnapshot>;
}

export const kRates = [0.5, 1, 2, 4, 8, 16];

const kTickMs = 100;
const kLongestHoldMs = 2_500;
/** Newest moment that can be played: what is younger is still on its way to the disk. */
const kLiveEdge = 6 * kSecond;
const kEdgeSlack = 100_000;
const kStepPatienceMs = 3_000;

/**
 * The review of one visit: one clock, one player for each pane, one store of bytes. Framework-free; the page reads
 * snapshot() when on_update is called. Owner: the review desk; close() ends everything. Does not: draw.
 */
export class ReviewSession {
  readonly clock: SyncClock;
  readonly store: FragmentStore;
  on_update: (() => void) | null = null;

  private readonly players_ = new Map<string, Player>();
  private readonly facts_ = new Map<string, StreamFacts>();
  private readonly tables = new Map<string, StreamTables>();
  private readonly timer: ReturnType<typeof setInterval>;
  private held_since_ms: number | null = null;
  private was_playing = false;
  private was_ready = false;
  private scrubbing = false;
  private poked = false;
  private step_number = 0;

  constructor(private readonly api: Api, private readonly now_us: () => number, start_us: number) {
    this.clock = new SyncClock(start_us);
    this.store = new FragmentStore((...piece) => api.bytes(...piece));
    this.store.on_change = () => this.poke();
    this.clock.on_change(() => this.poke());
    this.timer = setInterval(() => this.tick(), kTickMs);
  }

  get players(): ReadonlyMap<string, Player> {
    return this.players_;
  }

  /** Facts of a stream, shared by its pane and its lane on the timeline. */
  facts(stream: VisitStream): StreamFacts {
    let facts = this.facts_.get(stream.key);
    if (!facts) {
      facts = new StreamFacts(this.api, stream.key, stream.kind === 'screen', this.now_us);
      facts.on_change = () => this.poke();
      this.facts_.set(stream.key, facts);
    }
    return facts;
  }

  /** Shows exactly these streams; those that are shown already go on undisturbed. */
  show(streams: VisitStream[]): void {
    for (const [key, player] of this.players_) {
      if (streams.some((stream) => stream.key === key)) continue;
      player.close();
      this.players_.delete(key);
    }
    for (const stream of streams) if (!this.players_.has(stream.key)) this.players_.set(stream.key, this.new_player(stream));
    this.hold();
  }

  play(): void {
    this.clock.play();
    this.hold();
  }

  toggle(): void {
    if (this.clock.playing) this.clock.pause();
    else this.play();
  }

  /** To that moment, exactly, in every pane; the clock waits for the pictures. */
  seek(us: number): void {
    this.clock.seek(Math.min(us, this.now_us() - kLiveEdge));
    this.hold();
  }

  skip(by_us: number): void {
    this.seek(this.clock.now_us() + by_us);
  }

  set_rate(rate: number): void {
    this.clock.set_rate(rate);
  }

  faster(direction: 1 | -1): void {
    const at = kRates.indexOf(this.clock.rate);
    const rate = kRates[at + direction];
    if (rate !== undefined) this.set_rate(rate);
    if (direction > 0 && !this.clock.playing) this.play();
  }

  /** While the reader drags: near enough and at once; then exactly. */
  scrub(us: number): void {
    if (!this.scrubbing) {
      this.scrubbing = true;
      this.was_playing = this.clock.playing;
      this.clock.pause();
      for (const player of this.players_.values()) if (player instanceof GopPlayer) player.scrubbing = true;
    }
    this.clock.seek(Math.min(us, this.now_us() - kLiveEdge));
  }

  end_scrub(): void {
    if (!this.scrubbing) return;
    this.scrubbing = false;
    for (const player of this.players_.values()) if (player instanceof GopPlayer) player.scrubbing = false;
    this.seek(this.clock.now_us());
    if (this.was_playing) this.play();
  }

  /** One frame of the first camera on; waits for its exact times. A newer step or seek overtakes. */
  async step(direction: 1 | -1): Promise<void> {
    this.clock.pause();
    const camera = [...this.players_.values()].find((player): player is GopPlayer => player instanceof GopPlayer);
    if (!camera) return;
    const number = ++this.step_number;
    const from_us = this.clock.now_us();
    const patience_ms = performance.now() + kStepPatienceMs;
    for (;;) {
      const frame = camera.frame_beside(from_us, direction);
      if (frame) {
        this.seek((frame.start_us + frame.end_us) / 2);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (number !== this.step_number || this.clock.now_us() !== from_us || performance.now() > patience_ms) return;
    }
  }

  /** To the previous or next shot of the first screen. */
  shot(direction: 1 | -1): void {
    const screen = [...this.players_.values()].find((player) => player instanceof ScreenPlayer);
    if (!screen) return;
    const { index } = this.facts_.get(screen.key)!;
    const here = index.before_or_at(this.clock.now_us());
    const to = direction > 0 ? index.after(this.clock.now_us()) : here && index.previous(here);
    if (!to) return;
    this.clock.pause();
    this.seek(to.start_us + 1000);
  }

  snapshot(): Snapshot {
    const t_us = this.clock.now_us();
    const panes = new Map<string, PaneSnapshot>();
    let off_us: number | null = null;
    for (const [key, player] of this.players_) {
      const screen = player instanceof ScreenPlayer;
      const shown_us = player.shown_us();
      const facts = this.facts_.get(key)!;
      panes.set(key, { state: player.state, shown_us, shot_us: screen ? player.shot_us(t_us) : null, shot: screen ? facts.shot_at(t_us) : null });
      if (player instanceof GopPlayer && player.state.kind === 'footage' && this.clock.rate < kKeyFramesFromRate) {
        off_us = Math.max(off_us ?? 0, Math.abs(player.off_us(t_us)));
      }
    }
    return { t_us, playing: this.clock.playing, held: this.held_since_ms !== null, rate: this.clock.rate, off_us, panes };
  }

  /** The gap of that stream at that moment, for the timeline's label. */
  gap_at(key: string, us: number): Gap | null {
    const place = this.facts_.get(key)?.locate(us);
    return place?.kind === 'gap' ? place.gap : null;
  }

  close(): void {
    clearInterval(this.timer);
    this.on_update = null;
    for (const player of this.players_.values()) player.close();
    for (const facts of this.facts_.values()) facts.on_change = null;
    this.players_.clear();
    this.store.close();
  }

  private new_player(stream: VisitStream): Player {
    let tables = this.tables.get(stream.key);
    if (!tables) {
      tables = new StreamTables((run_start_us) => this.api.init(stream.key, run_start_us));
      this.tables.set(stream.key, tables);
    }
    const parts = { stream, facts: this.facts(stream), store: this.store, clock: this.clock, tables };
    const player = stream.kind === 'screen' ? new ScreenPlayer(parts) : new GopPlayer(parts);
    player.on_change = () => this.poke();
    return player;
  }

  private hold(): void {
    this.held_since_ms = performance.now();
    this.was_ready = false;
    this.clock.hold(true);
    this.poke();
  }

  /** Something changed: look at everything, once, as soon as the current work is done. */
  private poke(): void {
    if (this.poked) return;
    this.poked = true;
    queueMicrotask(() => {
      this.poked = false;
      this.tick();
    });
  }

  private tick(): void {
    this.stay_behind_now();
    for (const player of this.players_.values()) player.tick();
    this.release_when_ready();
    this.on_update?.();
  }

  private release_when_ready(): void {
    const ready = [...this.players_.values()].every((player) => player.ready());
    if (ready && !this.was_ready) performance.mark('mj:ready');
    this.was_ready = ready;
    if (this.held_since_ms === null || (!ready && performance.now() - this.held_since_ms < kLongestHoldMs)) return;
    this.held_since_ms = null;
    this.clock.hold(false);
  }

  private stay_behind_now(): void {
    const edge_us = this.now_us() - kLiveEdge;
    if (this.clock.now_us() <= edge_us + kEdgeSlack) return;
    if (this.clock.rate > 1) this.clock.set_rate(1);
    this.clock.seek(edge_us);
  }
}
