/** What the server answers with (server/openapi.yaml). Times are microseconds of UTC since 1970. */

export interface Named {
  id: string;
  name: string;
}

export interface Me {
  login: string;
  display_name: string;
  hall: { id: string; name: string; timezone: string };
  server_time_us: number;
  version: string;
}

export interface CaseHit {
  number: string;
  item: Named | null;
  window: Named | null;
  clerk: Named | null;
  called_us: number | null;
  finished_us: number | null;
  visits: number;
}

export interface CaseStep {
  type: string;
  at_us: number;
  window: Named | null;
  clerk: Named | null;
  source: string;
}

export interface VisitStream {
  key: string;
  kind: 'main' | 'sub' | 'screen';
  role: 'counter' | 'screen' | 'area';
  name: string;
  purpose: string;
  legal_basis: string;
  state: 'footage' | 'gap' | 'purged' | 'never_mapped';
  cause: string | null;
  detail: string;
}

/** Why a visit is believed to belong to a case. `by` and `reason` are a person's, null while only the system said so. */
export interface Link {
  source: string;
  confidence: number;
  /** The rule's name. */
  why: string;
  /** The part of the visit that was about the case; null at its end: not over yet. */
  interval: [number, number | null];
  state: 'inferred' | 'confirmed' | 'rejected' | 'added';
  by: string | null;
  reason: string | null;
  decided_us: number | null;
}

export interface NumberedLink extends Link {
  case: string;
}

/** A visit as lists show it. `marked`: served for more than 3 minutes and no case is known. */
export interface VisitHit {
  id: number;
  ticket: string;
  window: Named | null;
  clerk: Named | null;
  called_us: number;
  finished_us: number | null;
  marked: boolean;
  inferred: boolean;
  cases: string[];
  rating: number | null;
}

export interface Visit {
  id: number;
  ticket: string;
  window: Named | null;
  clerk: Named | null;
  called_us: number;
  finished_us: number | null;
  /** No queue system told of it: its times are what steps and window titles show. */
  inferred: boolean;
  rating: number | null;
  /** To the case that was asked for, in a case's answer. */
  link?: Link;
  /** All of them, in a visit's answer. */
  links?: NumberedLink[];
  streams: VisitStream[];
}

export interface VisitFilter {
  without_case?: boolean;
  from_us?: number;
  to_us?: number;
  window?: string;
  clerk?: string;
  after?: string;
  limit?: number;
}

export interface TitleHit {
  stream: string;
  at_us: number;
  title: string;
  program: string;
}

export interface Found {
  /** How the query was read: the first kind that has hits, or `nothing`. */
  as: string;
  read: { windows: Named[]; ticket: string; from_us: number | null; to_us: number | null; words: string[] };
  /** False: the time for one search was over before everything was looked through. */
  complete: boolean;
  cases: CaseHit[];
  visits: { visit: VisitHit; case_numbers: string[] }[];
  clerks: Named[];
  windows: Named[];
  titles: TitleHit[];
  /** With the numbers of their newest cases. */
  items: (Named & { cases: string[] })[];
  notes: { visit: number | null; case: string | null; at_us: number; by: string; text: string }[];
}

export interface Case {
  number: string;
  item: Named | null;
  steps: CaseStep[];
  visits: Visit[];
  /** In force: of the case, or of what its visits show. */
  holds: number[];
}

export type AlertLevel = 'blue' | 'yellow' | 'red';

/** What a rule proposes to look at. It says nothing about anybody until a person does. */
export interface Alert {
  alert: number;
  rule: string;
  level: AlertLevel;
  visit: number;
  window: Named | null;
  clerk: Named | null;
  ticket: string;
  /** Of the strongest link. */
  case: string | null;
  from_us: number;
  to_us: number | null;
  raised_us: number;
  state: 'proposed' | 'confirmed' | 'dismissed' | 'withdrawn';
  decided_by: Person | null;
  decided_us: number | null;
  reason: string | null;
}

export interface AlertFilter {
  state?: string;
  level?: string;
  window?: string;
  after?: string;
  limit?: number;
}

export interface Person {
  login: string;
  name: string;
}

export interface StreamSpan {
  stream: string;
  from_us: number;
  to_us: number;
}

/** Footage that no rule deletes until it is lifted. */
export interface Hold {
  hold: number;
  /** Null: of streams. */
  case: string | null;
  streams: StreamSpan[];
  reason: string;
  placed_by: Person;
  placed_us: number;
  lifted_us: number | null;
  lifted_by: Person | null;
  lift_reason: string | null;
  /** Closed footage that it keeps now. */
  segments: number;
  bytes: number;
  /** False: there is more than told. */
  complete: boolean;
  /** What it came too late for; null: being deleted. */
  gone: (StreamSpan & { rule: string; deleted_us: number | null })[];
}

export type HoldOrder = { case: string; reason: string } | { streams: string[]; from_us: number; to_us: number; reason: string };

export interface Gap {
  begin_us: number;
  end_us: number | null;
  cause: string;
  detail: string;
}

export interface Coverage {
  footage: [number, number][];
  gaps: Gap[];
}

export interface Shot {
  at_us: number;
  title: string;
  program: string;
  idle_ms: number;
}

/** A stream over time in no more parts than were asked for, without holes; where they are too many, each is the worst that is in it. */
export interface Lane {
  stream: string;
  kind: 'main' | 'sub' | 'screen';
  /** Begin, end, state and, of a gap, its cause. */
  coverage: [number, number, 'footage' | 'purged' | 'gap' | 'not_configured', string?][];
  /** Of a screen: begin, end, what it shows of whoever worked there. Left out when that would be too much. */
  presence?: [number, number, PresenceState][];
}

/** Keyboard or mouse in use, neither, or locked. Whether somebody sat there no screen shows. */
export type PresenceState = 'input' | 'idle' | 'locked';

export interface Lanes {
  streams: Lane[];
  /** Of the windows that those streams showed: visits and alerts, so many that are one on this scale; of alerts the gravest level. */
  visits: { window: string; served: [number, number, number][]; alerts: [number, number, AlertLevel, number][] }[];
}

export interface StreamStatus {
  key: string;
  kind: 'main' | 'sub' | 'screen';
  device: string;
  name: string;
  window: Named | null;
  area: Named | null;
  purpose: string;
  legal_basis: string;
  state: 'connecting' | 'recording' | 'waiting';
  cause: string | null;
  detail: string;
  since_us: number;
  last_frame_us: number | null;
}

export interface StoreStatus {
  id: string;
  writable: boolean;
  detail: string;
  free_bytes: number;
  total_bytes: number;
  queued: number;
}

export interface Status {
  streams: StreamStatus[];
  stores: StoreStatus[];
}
