import type { Alert, AlertFilter, Case, CaseHit, Coverage, Found, Hold, HoldOrder, Lanes, Me, Shot, Status, Visit, VisitFilter, VisitHit } from './words';

/**
 * What went wrong with a request. `kind` is the server's word, or `network` when there was no answer at all,
 * or `too_many` for 429. `message` is the server's sentence: shown as a detail, never instead of our own words.
 */
export class ApiError extends Error {
  constructor(
    readonly kind: string,
    readonly status: number,
    message: string,
    readonly first_sign_in = false,
    readonly retry_after_s: number | null = null,
  ) {
    super(message);
  }
}

async function error_of(response: Response): Promise<ApiError> {
  let kind = response.status === 429 ? 'too_many' : response.status >= 500 ? 'internal' : 'invalid';
  let message = response.statusText;
  let first = false;
  try {
    const body = await response.json();
    kind = response.status === 429 ? 'too_many' : (body.error?.kind ?? kind);
    message = body.error?.message ?? message;
    first = body.first_sign_in === true;
  } catch {
    // An answer that is not ours (a proxy's page): the status says enough.
  }
  const retry = Number(response.headers.get('Retry-After'));
  return new ApiError(kind, response.status, message, first, Number.isFinite(retry) && retry > 0 ? retry : null);
}

/**
 * The only place that talks to the server. Stateless but for one listener: `on_signed_out` is called when an
 * answer says that the session is over, whichever part of the page asked.
 */
export class Api {
  on_signed_out: (() => void) | null = null;

  private async ask(path: string, init: RequestInit = {}): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(path, { credentials: 'same-origin', cache: 'no-store', ...init });
    } catch (cause) {
      if ((cause as Error).name === 'AbortError') throw cause;
      throw new ApiError('network', 0, String((cause as Error).message));
    }
    if (response.ok) return response;
    const error = await error_of(response);
    if (error.status === 401 && path.indexOf('/api/v1/sign-in') !== 0 && path !== '/api/v1/me') this.on_signed_out?.();
    throw error;
  }

  private async json<T>(path: string, init?: RequestInit): Promise<T> {
    return (await this.ask(path, init)).json() as Promise<T>;
  }

  private post(path: string, body?: unknown): Promise<Response> {
    return this.ask(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Mingjing': '1' },
      body: body === undefined ? null : JSON.stringify(body),
    });
  }

  me(): Promise<Me> {
    return this.json('/api/v1/me');
  }

  async sign_in(login: string, password: string): Promise<Me> {
    return (await this.post('/api/v1/sign-in', { login, password })).json();
  }

  async first_sign_in(token: string, login: string, display_name: string, password: string): Promise<Me> {
    return (await this.post('/api/v1/sign-in/first', { token, login, display_name, password })).json();
  }

  async sign_out(): Promise<void> {
    await this.post('/api/v1/sign-out');
  }

  /** The newest, or those after a page: its `next`. */
  cases(limit: number, after?: string): Promise<{ cases: CaseHit[]; next: string | null }> {
    return this.json(`/api/v1/cases?limit=${limit}${after ? `&after=${encodeURIComponent(after)}` : ''}`);
  }

  case(number: string): Promise<Case> {
    return this.json(`/api/v1/cases/${encodeURIComponent(number)}`);
  }

  /** Whatever the query may mean: a number, a person, a window and a time, words. */
  search(query: string, limit = 20): Promise<Found> {
    return this.json(`/api/v1/search?q=${encodeURIComponent(query)}&limit=${limit}`);
  }

  visit(id: number): Promise<Visit> {
    return this.json(`/api/v1/visits/${id}`);
  }

  /** Newest first; `next` goes into `after` for what follows, null at the end. */
  visits(filter: VisitFilter): Promise<{ visits: VisitHit[]; next: string | null }> {
    const { without_case, from_us, to_us, ...rest } = filter;
    return this.json(`/api/v1/visits?${search_of({ ...rest, without_case: without_case === undefined ? undefined : Number(without_case), from: from_us, to: to_us })}`);
  }

  /** A person's word on whether a visit belongs to a case; answers with the visit as it is then. */
  async judge(visit: number, action: 'confirm' | 'reject' | 'add', number: string, reason: string): Promise<Visit> {
    return (await this.post(`/api/v1/visits/${visit}/links`, { case: number, action, reason })).json();
  }

  /** Newest first; `next` as of visits. */
  alerts(filter: AlertFilter): Promise<{ alerts: Alert[]; next: string | null }> {
    return this.json(`/api/v1/alerts?${search_of({ ...filter })}`);
  }

  /** A person's word on an alert; answers with it as it is then. */
  async judge_alert(alert: number, action: 'confirm' | 'dismiss', reason: string): Promise<Alert> {
    return (await this.post(`/api/v1/alerts/${alert}`, { action, reason })).json();
  }

  /** Newest first; `next` as of visits. */
  holds(state: 'active' | 'all', after?: string): Promise<{ holds: Hold[]; next: string | null }> {
    return this.json(`/api/v1/holds?${search_of({ state, after })}`);
  }

  async place_hold(order: HoldOrder): Promise<Hold> {
    return (await this.post('/api/v1/holds', order)).json();
  }

  async lift_hold(hold: number, reason: string): Promise<Hold> {
    return (await this.post(`/api/v1/holds/${hold}/lift`, { reason })).json();
  }

  /** The coverage of all streams, in at most `px` pieces each. */
  lanes(from_us: number, to_us: number, px: number): Promise<Lanes> {
    return this.json(`/api/v1/lanes?streams=all&from=${from_us}&to=${to_us}&px=${px}`);
  }

  status(): Promise<Status> {
    return this.json('/api/v1/streams');
  }

  coverage(stream: string, from_us: number, to_us: number): Promise<Coverage> {
    return this.json(`${stream_path(stream)}/coverage?from=${from_us}&to=${to_us}`);
  }

  async shots(stream: string, from_us: number, to_us: number, limit = 1000): Promise<Shot[]> {
    const path = `${stream_path(stream)}/shots?from=${from_us}&to=${to_us}&limit=${limit}`;
    return (await this.json<{ shots: Shot[] }>(path)).shots;
  }

  async fragment_index(stream: string, from_us: number, to_us: number): Promise<ArrayBuffer> {
    return (await this.ask(`${stream_path(stream)}/index?from=${from_us}&to=${to_us}`)).arrayBuffer();
  }

  /** The init segment and what MSE must be asked for. */
  async init(stream: string, run_start_us: number): Promise<{ mime: string; bytes: Uint8Array }> {
    const response = await this.ask(`${stream_path(stream)}/runs/${run_start_us}/init`);
    const mime = response.headers.get('Content-Type') ?? '';
    return { mime, bytes: new Uint8Array(await response.arrayBuffer()) };
  }

  /** Bytes [offset, offset + count) of a segment's file. */
  async bytes(stream: string, segment_start_us: number, offset: number, count: number, signal: AbortSignal): Promise<Uint8Array> {
    const response = await this.ask(`${stream_path(stream)}/segments/${segment_start_us}`, {
      headers: { Range: `bytes=${offset}-${offset + count - 1}` },
      signal,
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (response.status !== 206 || bytes.length !== count) {
      throw new ApiError('corrupt', response.status, `${bytes.length} of ${count} bytes`);
    }
    return bytes;
  }
}

/** What is undefined or empty is not asked for. */
function search_of(values: Record<string, string | number | undefined>): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined && value !== '') search.set(name, String(value));
  return search;
}

function stream_path(stream: string): string {
  return `/api/v1/streams/${encodeURIComponent(stream)}`;
}
