import { language } from '../i18n/index.svelte';
import { Api, ApiError } from './api';
import { route_of, token_of, type Route } from './router';
import { ServerClock } from './server_clock';
import { TimeFormat } from './time_format';
import type { Me } from './words';

/**
 * What all pages share: who is signed in, where we are, the server's clock. One per page load; no footage is known here.
 */
class App {
  readonly api = new Api();
  readonly clock = new ServerClock();
  route: Route = $state.raw({ page: 'none' });
  me: Me | null = $state.raw(null);
  /** Null until the server has answered once. */
  first_sign_in: boolean | null = $state(null);
  /** Why the server could not even say who we are. */
  start_error: unknown = $state.raw(null);
  token = $state('');
  session_ended = $state(false);
  format = $derived(new TimeFormat(this.me?.hall.timezone ?? 'Asia/Shanghai', language.locale));

  /** Where to go after signing in. */
  private wanted = '/';

  async start(): Promise<void> {
    this.take_token();
    window.addEventListener('popstate', () => this.read_location());
    this.api.on_signed_out = () => this.signed_out();
    this.read_location();
    await this.ask_me();
  }

  async ask_me(): Promise<void> {
    this.start_error = null;
    const asked_ms = performance.now();
    try {
      this.signed_in(await this.api.me(), asked_ms);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        this.first_sign_in = error.first_sign_in;
        this.to_sign_in();
      } else {
        this.start_error = error;
      }
    }
  }

  signed_in(me: Me, asked_ms: number): void {
    this.clock.set(me.server_time_us, asked_ms, performance.now());
    this.me = me;
    this.first_sign_in = false;
    this.session_ended = false;
    this.token = '';
    if (this.route.page === 'sign_in') this.go(this.wanted, true);
  }

  async sign_out(): Promise<void> {
    try {
      await this.api.sign_out();
    } finally {
      this.me = null;
      this.go('/sign-in');
    }
  }

  /** To another page of ours; `replace` leaves no entry in the history. */
  go(url: string, replace = false): void {
    if (replace) history.replaceState(null, '', url);
    else history.pushState(null, '', url);
    this.read_location();
  }

  /** The same page in another state, noted in the URL without a new entry in the history. */
  note(url: string): void {
    history.replaceState(null, '', url);
  }

  /** For `<a href>`: a click goes there without loading the page anew. */
  follow = (event: MouseEvent): void => {
    const link = (event.currentTarget as HTMLElement).getAttribute('href');
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    this.go(link);
  };

  private signed_out(): void {
    if (!this.me) return;
    this.me = null;
    this.session_ended = true;
    this.to_sign_in();
  }

  private to_sign_in(): void {
    if (this.route.page === 'sign_in') return;
    this.wanted = location.pathname + location.search;
    this.go('/sign-in', true);
  }

  private take_token(): void {
    const token = token_of(location.hash);
    if (token === null) return;
    this.token = token;
    history.replaceState(null, '', location.pathname + location.search);
  }

  private read_location(): void {
    this.route = route_of(location.pathname, location.search);
  }
}

export const app = new App();
