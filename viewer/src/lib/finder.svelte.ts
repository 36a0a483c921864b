import { t } from '../i18n/index.svelte';
import { app } from './app.svelte';
import { hits_of, sure_path, type Hit } from './found';
import type { Found } from './words';

const kPauseMs = 200;
const kFreshMs = 5_000;
/** In the list under the box; the page shows all. */
const kPerGroup = 5;

let last: { query: string; at_ms: number; found: Promise<Found> } | null = null;

/** What the server finds. The same question within a few seconds, by the box and then by the page, is asked once. */
export function search(query: string): Promise<Found> {
  if (last && last.query === query && performance.now() - last.at_ms < kFreshMs) return last.found;
  const asked = { query, at_ms: performance.now(), found: app.api.search(query) };
  asked.found.catch(() => last === asked && (last = null));
  last = asked;
  return asked.found;
}

/**
 * The state of a search box: its text, what was found while typing, which line is chosen. Owner: the box; close() when it goes.
 * Does not say what failed: the page that Enter leads to asks again and does.
 */
export class Finder {
  text = $state('');
  found: Found | null = $state.raw(null);
  /** The text that `found` answers. */
  asked = $state('');
  open = $state(false);
  busy = $state(false);
  /** Of `hits`; -1: none, Enter searches for the text. */
  chosen = $state(-1);
  readonly hits: Hit[] = $derived(this.found ? hits_of(this.found, app.format, t, kPerGroup) : []);

  private timer: ReturnType<typeof setTimeout> | null = null;

  /** After each change of the text by a person. */
  typed(): void {
    this.stop();
    this.chosen = -1;
    const query = this.text.trim();
    if (query) this.timer = setTimeout(() => void this.suggest(query), kPauseMs);
    else this.shut();
  }

  /** Up and down through the lines and, between last and first, through none. */
  move(direction: 1 | -1): void {
    if (!this.open && this.found && this.asked === this.text.trim()) {
      this.open = true;
      return;
    }
    const count = this.hits.length + 1;
    this.chosen = ((this.chosen + 1 + direction + count) % count) - 1;
  }

  shut(): void {
    this.stop();
    this.open = false;
    this.chosen = -1;
  }

  /** Enter: to the chosen line, else to the one thing that the text can mean, else to the list of all that it may mean. */
  async submit(): Promise<void> {
    performance.mark('mj:enter');
    const query = this.text.trim();
    const hit = this.open ? this.hits[this.chosen] : undefined;
    this.shut();
    if (hit || !query) return this.go(hit?.path ?? '/');
    this.busy = true;
    let path: string | null = null;
    try {
      path = sure_path(query, await search(query));
    } catch {
      // The home page asks again and says what is wrong.
    }
    this.busy = false;
    if (query === this.text.trim()) this.go(path ?? `/?q=${encodeURIComponent(query)}`);
  }

  go(path: string): void {
    this.shut();
    app.go(path);
  }

  private stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private async suggest(query: string): Promise<void> {
    try {
      const found = await search(query);
      if (query !== this.text.trim() || this.busy) return;
      this.found = found;
      this.asked = query;
      this.chosen = -1;
      this.open = true;
    } catch {
      this.shut();
    }
  }
}
