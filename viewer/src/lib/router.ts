import { format_url_time } from './time_format';

export type Route =
  | { page: 'home'; query: string }
  | { page: 'sign_in' }
  | { page: 'status' }
  | { page: 'review'; number: string; at: URLSearchParams }
  | { page: 'visit'; id: number; at: URLSearchParams }
  | { page: 'visits'; at: URLSearchParams }
  | { page: 'moment'; at: URLSearchParams }
  | { page: 'coverage'; at: URLSearchParams }
  | { page: 'alerts'; at: URLSearchParams }
  | { page: 'holds'; at: URLSearchParams }
  | { page: 'none' };

/** Paths are the state: the server gives index.html for every one of them. */
export function route_of(path: string, search: string): Route {
  const at = new URLSearchParams(search);
  if (path === '/') return { page: 'home', query: at.get('q') ?? '' };
  if (path === '/sign-in') return { page: 'sign_in' };
  if (path === '/status') return { page: 'status' };
  if (path === '/visits') return { page: 'visits', at };
  if (path === '/coverage') return { page: 'coverage', at };
  if (path === '/alerts') return { page: 'alerts', at };
  if (path === '/holds') return { page: 'holds', at };
  if (path === '/moment') return { page: 'moment', at };
  const visit = /^\/visits\/(\d{1,15})$/.exec(path);
  if (visit) return { page: 'visit', id: Number(visit[1]), at };
  const found = /^\/cases\/([^/]+)$/.exec(path);
  if (!found) return { page: 'none' };
  try {
    return { page: 'review', number: decodeURIComponent(found[1]!), at };
  } catch {
    return { page: 'none' };
  }
}

export function case_path(number: string): string {
  return `/cases/${encodeURIComponent(number)}`;
}

export function visit_path(id: number): string {
  return `/visits/${id}`;
}

/** The list of visits; what is undefined is not asked for. `cases`: `any` also lists visits whose case is known. */
export function visits_path(filter: { day?: string; window?: string; clerk?: string; cases?: 'any' }): string {
  return with_search('/visits', filter);
}

/** Whoever was served where that stream looks, at that moment. */
export function moment_path(stream: string, us: number): string {
  return with_search('/moment', { stream, t: format_url_time(us) });
}

/** The list of alerts; what is undefined is not asked for. */
export function alerts_path(filter: { state?: string; level?: string }): string {
  return with_search('/alerts', filter);
}

/** The holds, and the form for one more filled in. */
export function holds_path(order: { case: string } | { streams: string[]; from_us: number; to_us: number }): string {
  if ('case' in order) return with_search('/holds', order);
  return with_search('/holds', { streams: order.streams.join(','), from: format_url_time(order.from_us), to: format_url_time(order.to_us) });
}

function with_search(path: string, values: Record<string, string | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value) search.set(name, value);
  const text = search.toString().replace(/%3A/g, ':');
  return text ? `${path}?${text}` : path;
}

/** The one-time token of a first sign-in from `#token=…`; null without one. Whoever calls this removes it from the URL at once. */
export function token_of(hash: string): string | null {
  return new URLSearchParams(hash.replace(/^#/, '')).get('token');
}
