import type { ReviewSession } from './review_session';

interface HookPane {
  key: string;
  video: HTMLVideoElement;
  shown_us(): number | null;
  state: string;
}

/** `window.__mj`: the review desk's own numbers, to be read and not to be written. Present in every build; see README.md. */
interface Hook {
  clock_us(): number | null;
  readonly playing: boolean;
  readonly settled: boolean;
  readonly store_bytes: number;
  readonly panes: HookPane[];
  readonly marks: { name: string; at_ms: number }[];
}

let session: ReviewSession | null = null;

const hook: Hook = {
  clock_us: () => (session ? session.clock.now_us() : null),
  get playing() {
    return session !== null && session.clock.playing;
  },
  /** Every pane shows what it should, and none is on its way elsewhere. */
  get settled() {
    return session !== null && !session.snapshot().held && [...session.players.values()].every((player) => player.ready());
  },
  get store_bytes() {
    return session ? session.store.bytes : 0;
  },
  get panes() {
    return [...(session?.players.values() ?? [])].map((player) => ({
      key: player.key,
      video: player.video,
      shown_us: () => player.shown_us(),
      state: player.state.kind,
    }));
  },
  get marks() {
    return performance.getEntriesByType('mark').map(({ name, startTime }) => ({ name, at_ms: startTime }));
  },
};

export function install_hook(): void {
  Object.defineProperty(window, '__mj', { value: Object.freeze(hook) });
}

export function hook_session(current: ReviewSession | null): void {
  session = current;
}
