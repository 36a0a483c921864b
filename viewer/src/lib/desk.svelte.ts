import type { Api } from './api';
import { ReviewSession, type Snapshot } from './review_session';
import type { ServerClock } from './server_clock';
import { hook_session } from './test_hook';
import { format_url_time, kMinute, kSecond, parse_url_time } from './time_format';
import type { CaseStep, Named, Visit, VisitStream } from './words';

export const kPreRoll = 30 * kSecond;
export const kPostRoll = 60 * kSecond;
const kBeforeCall = 5 * kSecond;
const kUnfinished = 15 * kMinute;

/** A pane's place on the desk: a stream, or the sentence why there is none. */
export interface DeskPane {
  role: 'counter' | 'screen' | 'area';
  stream: VisitStream | null;
  /** Shown in place of a stream that this browser cannot play. */
  stands_in: boolean;
}

/** What is under review: a case, or (number null) one visit by itself. */
export interface Subject {
  number: string | null;
  item: Named | null;
  steps: CaseStep[];
  visits: Visit[];
  /** In force, of a case. */
  holds: number[];
}

function device_of(stream: VisitStream): string {
  return stream.key.slice(0, stream.key.lastIndexOf('.'));
}

/** Streams that can be put on the desk beside the two that always are. */
function more_streams(visit: Visit, panes: DeskPane[]): VisitStream[] {
  const fixed = new Set(panes.filter((pane) => pane.role !== 'area').map((pane) => pane.stream && device_of(pane.stream)));
  return visit.streams.filter((stream) => stream.kind === 'main' && !fixed.has(device_of(stream)));
}

/**
 * The state of the review desk: which visit, which panes, where in time. Binds the framework-free session to the page.
 * Owner: the ReviewDesk route; close() ends it.
 */
export class Desk {
  readonly case: Omit<Subject, 'visits'>;
  readonly session: ReviewSession;
  visits: Visit[] = $state.raw([]);
  visit: Visit = $state.raw() as Visit;
  panes: DeskPane[] = $state.raw([]);
  snapshot: Snapshot = $state.raw() as Snapshot;
  /** For the live region: set by seeks, never by the passing of time. */
  moved_to_us: number | null = $state(null);
  more: VisitStream[] = $derived(this.visit ? more_streams(this.visit, this.panes) : []);

  private readonly clock: ServerClock;
  private pending = false;
  private announce_timer: ReturnType<typeof setTimeout> | null = null;

  constructor(api: Api, clock: ServerClock, found: Subject, at: URLSearchParams, private readonly on_url: (search: string) => void) {
    this.case = found;
    this.visits = found.visits;
    this.clock = clock;
    const believed = found.visits.filter((candidate) => candidate.link?.state !== 'rejected');
    const visit = found.visits.find((candidate) => String(candidate.id) === at.get('visit')) ?? believed[believed.length - 1] ?? found.visits[0]!;
    const t_us = parse_url_time(at.get('t'));
    this.session = new ReviewSession(api, () => clock.now_us(), t_us ?? visit.called_us - kBeforeCall);
    this.session.on_update = () => this.update_soon();
    this.snapshot = this.session.snapshot();
    this.set_visit(visit, (at.get('views') ?? '').split(','));
    hook_session(this.session);
    if (t_us === null) this.session.play();
  }

  /** Called and concluded; the end of what is known of a visit that is not finished. */
  end_us(visit: Visit): number {
    if (visit.finished_us !== null) return visit.finished_us;
    const steps = this.case.steps.map((step) => step.at_us).filter((us) => us >= visit.called_us && us < visit.called_us + kUnfinished);
    return Math.min(this.clock.now_us(), Math.max(visit.called_us + kMinute, ...steps));
  }

  get concluded_us(): number | null {
    const steps = this.case.steps.filter((step) => step.type === 'concluded');
    return steps.length ? steps[steps.length - 1]!.at_us : null;
  }

  choose_visit(visit: Visit): void {
    this.set_visit(visit, []);
    this.seek(visit.called_us - kBeforeCall);
    this.session.play();
  }

  /** A visit as it is after a person judged its links. What is shown of it goes on undisturbed. */
  relinked({ id, links }: Visit): void {
    const renew = (visit: Visit): Visit => {
      if (visit.id !== id) return visit;
      return { ...visit, links, link: links?.find((link) => link.case === this.case.number) ?? visit.link };
    };
    this.visits = this.visits.map(renew);
    this.visit = renew(this.visit);
  }

  toggle_view(stream: VisitStream): void {
    const shown = this.panes.some((pane) => pane.stream?.key === stream.key);
    this.set_panes(shown
      ? this.panes.filter((pane) => pane.stream?.key !== stream.key)
      : [...this.panes, { role: 'area', stream, stands_in: false }]);
    this.note_url();
  }

  seek(us: number): void {
    this.session.seek(us);
    this.moved();
  }

  /** After any act that moved the clock: tell those who cannot see it, and the URL. */
  moved(): void {
    if (this.announce_timer !== null) clearTimeout(this.announce_timer);
    this.announce_timer = setTimeout(() => {
      this.moved_to_us = this.session.clock.now_us();
      this.note_url();
    }, 400);
  }

  close(): void {
    if (this.announce_timer !== null) clearTimeout(this.announce_timer);
    hook_session(null);
    this.session.close();
  }

  private set_visit(visit: Visit, views: string[]): void {
    this.visit = visit;
    const first = (role: string) =>
      visit.streams.find((stream) => stream.role === role && stream.kind !== 'sub' && stream.state !== 'never_mapped') ?? null;
    const panes: DeskPane[] = [
      { role: 'counter', stream: first('counter'), stands_in: false },
      { role: 'screen', stream: first('screen'), stands_in: false },
    ];
    for (const stream of more_streams(visit, panes)) if (views.includes(stream.key)) panes.push({ role: 'area', stream, stands_in: false });
    this.set_panes(panes);
  }

  private set_panes(panes: DeskPane[]): void {
    this.panes = panes;
    this.session.show(panes.map((pane) => pane.stream).filter((stream): stream is VisitStream => stream !== null));
  }

  /** The camera's other stream in place of one that the browser cannot play. */
  private stand_in(): void {
    const replaced = this.panes.map((pane): DeskPane => {
      const state = pane.stream && this.session.players.get(pane.stream.key)?.state.kind;
      if (state !== 'unsupported' || pane.stands_in) return pane;
      const sub = this.visit.streams.find((stream) => stream.kind === 'sub' && device_of(stream) === device_of(pane.stream!));
      return sub ? { ...pane, stream: sub, stands_in: true } : pane;
    });
    if (replaced.some((pane, n) => pane !== this.panes[n])) this.set_panes(replaced);
  }

  private update_soon(): void {
    if (this.pending) return;
    this.pending = true;
    const update = () => {
      if (!this.pending) return;
      this.pending = false;
      this.stand_in();
      this.snapshot = this.session.snapshot();
    };
    requestAnimationFrame(update);
  }

  private note_url(): void {
    const search = new URLSearchParams();
    search.set('t', format_url_time(Math.round(this.session.clock.now_us())));
    if (this.visits.length > 1) search.set('visit', String(this.visit.id));
    const views = this.panes.filter((pane) => pane.role === 'area').map((pane) => pane.stream!.key);
    if (views.length) search.set('views', views.join(','));
    this.on_url(`?${search.toString().replace(/%3A/g, ':').replace(/%2C/g, ',')}`);
  }
}
