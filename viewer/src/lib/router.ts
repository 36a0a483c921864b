export type Route =
  | { page: 'home'; query: string }
  | { page: 'sign_in' }
  | { page: 'status' }
  | { page: 'review'; number: string; at: URLSearchParams }
  | { page: 'none' };

/** Paths are the state: the server gives index.html for every one of them. */
export function route_of(path: string, search: string): Route {
  const at = new URLSearchParams(search);
  if (path === '/') return { page: 'home', query: at.get('q') ?? '' };
  if (path === '/sign-in') return { page: 'sign_in' };
  if (path === '/status') return { page: 'status' };
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

/** The one-time token of a first sign-in from `#token=…`; null without one. Whoever calls this removes it from the URL at once. */
export function token_of(hash: string): string | null {
  return new URLSearchParams(hash.replace(/^#/, '')).get('token');
}
