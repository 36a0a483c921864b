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

export interface Link {
  source: string;
  confidence: number;
  why: string;
  confirmed_by: string | null;
}

export interface Visit {
  id: number;
  ticket: string;
  window: Named | null;
  clerk: Named | null;
  called_us: number;
  finished_us: number | null;
  link: Link;
  streams: VisitStream[];
}

export interface Case {
  number: string;
  item: Named | null;
  steps: CaseStep[];
  visits: Visit[];
}

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
