import type { OverviewGroup, OverviewRow, Span } from './overview';
import type { AlertLevel, Lane, Lanes, StreamStatus } from './words';

const kGravity: AlertLevel[] = ['red', 'yellow', 'blue'];

/** The word by which the pages know it; null: footage. */
function cause_of(state: Lane['coverage'][number][2], cause = 'unknown'): string | null {
  if (state === 'footage') return null;
  if (state === 'not_configured') return 'not_yet_configured';
  return state === 'purged' ? 'purged' : cause;
}

/** Neighbours of one cause are one span. */
function spans_of(coverage: Lane['coverage']): Span[] {
  const spans: Span[] = [];
  for (const [begin_us, end_us, state, word] of coverage) {
    const cause = cause_of(state, word);
    const last = spans[spans.length - 1];
    if (last && last.end_us === begin_us && last.cause === cause) last.end_us = end_us;
    else spans.push({ begin_us, end_us, cause });
  }
  return spans;
}

/** Rows of the overview: by window or area, cameras before screens, in the order a person would count. Words: for no place, and for a sub stream. */
export function groups_of({ streams: lanes, visits }: Lanes, streams: StreamStatus[], words: { other: string; sub: string }, locale: string): OverviewGroup[] {
  const known = new Map(streams.map((stream) => [stream.key, stream]));
  const at_window = new Map(visits.map((one) => [one.window, one]));
  const groups = new Map<string, { group: OverviewGroup; is_window: boolean }>();
  const before = new Intl.Collator(locale, { numeric: true });
  for (const { stream: key, kind, coverage, presence } of lanes) {
    const stream = known.get(key);
    const place = stream?.window ?? stream?.area;
    const id = place ? `${stream!.window ? 'w' : 'a'}:${place.id}` : '';
    let found = groups.get(id);
    if (!found) {
      const { served = [], alerts = [] } = at_window.get(stream?.window?.id ?? '') ?? {};
      const group: OverviewGroup = {
        name: place?.name ?? words.other,
        rows: [],
        served: served.map(([begin_us, end_us, count]) => ({ begin_us, end_us, count })),
        alerts: alerts.map(([begin_us, end_us, level, count]) => ({ begin_us, end_us, level, count })).sort((a, b) => kGravity.indexOf(a.level) - kGravity.indexOf(b.level)),
      };
      found = { group, is_window: Boolean(stream?.window) };
      groups.set(id, found);
    }
    const name = stream?.name || key;
    const row: OverviewRow = {
      key,
      name: kind === 'sub' ? `${name} · ${words.sub}` : name,
      kind: kind === 'screen' ? 'screen' : 'camera',
      spans: spans_of(coverage),
      presence: (presence ?? []).map(([begin_us, end_us, state]) => ({ begin_us, end_us, state })),
    };
    found.group.rows.push(row);
  }
  const order = (row: OverviewRow) => Number(row.kind === 'screen');
  const sorted = [...groups.values()].sort((a, b) => Number(b.is_window) - Number(a.is_window) || before.compare(a.group.name, b.group.name));
  for (const { group } of sorted) group.rows.sort((a, b) => order(a) - order(b) || before.compare(a.key, b.key));
  return sorted.map(({ group }) => group);
}
