// What the fake hall finds: cases by number, anything by one search, visits and the links that people judge.
import { fake_alerts, fake_cases, fake_visits, kClerks, kReviewer, kWindows } from './fake_facts.mjs';
import { kCalledUs } from './footage.mjs';

const kLong_us = 180_000_000;
const kPage = 10; // cases

export class Failure extends Error {
  constructor(status, kind, message, more = {}) {
    super(message);
    Object.assign(this, { status, kind, more });
  }
}

const fold = (text) => text.normalize('NFKC').replace(/[-\s]/g, '').toLowerCase();

export class FakeIndex {
  constructor(now_us) {
    this.now_us = now_us;
    this.visits = fake_visits();
    this.holds = [];
    this.alerts = fake_alerts(this.visits);
  }

  /** Null: not for us. */
  answer(path, query, body) {
    if (path === '/cases') return this.page(Number(query.get('after') ?? 0));
    if (path === '/search') return this.search(query.get('q').trim());
    if (path === '/visits') return this.list(query);
    if (path === '/alerts') return this.list_alerts(query);
    const alert = /^\/alerts\/(\d+)$/.exec(path);
    if (alert) return this.judge_alert(Number(alert[1]), body);
    if (path === '/holds') return body ? this.place(body) : this.list_holds(query);
    const hold = /^\/holds\/(\d+)\/lift$/.exec(path);
    if (hold) return this.lift(Number(hold[1]), body);
    const number = /^\/cases\/(.+)$/.exec(path);
    if (number) return this.case(decodeURIComponent(number[1]));
    const visit = /^\/visits\/(\d+)(\/links)?$/.exec(path);
    if (!visit) return null;
    const found = this.visits.get(Number(visit[1]));
    if (!found) throw new Failure(404, 'not_found', 'no such visit');
    return visit[2] ? this.judge(found, body) : found;
  }

  page(from) {
    const cases = this.cases('');
    const to = from + kPage;
    return { cases: cases.slice(from, to), next: to < cases.length ? String(to) : null };
  }

  cases(query) {
    const wanted = fold(query);
    return fake_cases().filter(({ number }) => fold(number).startsWith(wanted) || fold(number).endsWith(wanted)).map((one) => {
      const newest = one.visits[one.visits.length - 1];
      return { number: one.number, item: one.item, window: newest?.window ?? null, clerk: newest?.clerk ?? null, called_us: newest?.called_us ?? null, finished_us: newest?.finished_us ?? null, visits: one.visits.length };
    });
  }

  case(number) {
    const found = fake_cases().find((one) => one.number === number);
    if (!found) throw new Failure(404, 'not_found', 'no such case');
    const visits = found.visits.map((visit) => ({ ...visit, link: this.visits.get(visit.id).links.find((link) => link.case === number) }));
    const holds = this.holds.filter((hold) => hold.case === number && hold.lifted_us === null).map(({ hold }) => hold);
    return { ...found, visits, holds };
  }

  /** Each visit and alert by itself: no scale is too small for them. */
  at_windows(from, to) {
    const inside = (begin, end) => begin < to && (end ?? begin) >= from;
    const visits = [...this.visits.values()].filter(({ called_us, finished_us }) => inside(called_us, finished_us));
    const alerts = this.alerts.filter(({ state, from_us, to_us }) => (state === 'proposed' || state === 'confirmed') && inside(from_us, to_us));
    return kWindows.map(({ id }) => ({
      window: id,
      served: visits.filter(({ window }) => window.id === id).sort((a, b) => a.called_us - b.called_us).map(({ called_us, finished_us }) => [called_us, finished_us ?? called_us, 1]),
      alerts: alerts.filter(({ window }) => window.id === id).sort((a, b) => a.from_us - b.from_us).map(({ level, from_us, to_us }) => [from_us, to_us ?? from_us, level, 1]),
    }));
  }

  list_alerts(query) {
    const state = query.get('state') === 'open' ? 'proposed' : query.get('state');
    const alerts = this.alerts.filter((alert) => (state === 'all' || alert.state === state) && (!query.has('level') || alert.level === query.get('level')));
    const first = Number(query.get('after') ?? 0);
    const last = first + Number(query.get('limit') ?? 100);
    return { alerts: alerts.slice(first, last), next: last < alerts.length ? String(last) : null };
  }

  judge_alert(id, { action, reason }) {
    const alert = this.alerts.find((one) => one.alert === id);
    if (!alert) throw new Failure(404, 'not_found', 'no such alert');
    if (!reason) throw new Failure(400, 'invalid', 'a decision needs a reason');
    return Object.assign(alert, { state: action === 'confirm' ? 'confirmed' : 'dismissed', decided_by: kReviewer, decided_us: this.now_us(), reason });
  }

  list_holds(query) {
    return { holds: this.holds.filter(({ lifted_us }) => query.get('state') === 'all' || lifted_us === null).reverse(), next: null };
  }

  place({ case: number, streams = [], from_us, to_us, reason }) {
    if (!reason) throw new Failure(400, 'invalid', 'a hold needs a reason');
    const found = number === undefined ? null : fake_cases().find((one) => one.number === number);
    if (found === undefined) throw new Failure(404, 'not_found', 'no such case');
    const margin_us = 120_000_000;
    const spans = found ? found.visits.flatMap((visit) => visit.streams.filter(({ key }) => key).map(({ key }) => ({ stream: key, from_us: visit.called_us - margin_us, to_us: (visit.finished_us ?? visit.called_us) + margin_us })))
      : streams.map((stream) => ({ stream, from_us, to_us }));
    const hold = {
      hold: this.holds.length + 1, case: number ?? null, streams: spans, reason, placed_by: kReviewer, placed_us: this.now_us(), lifted_us: null, lifted_by: null, lift_reason: null,
      segments: 6 * spans.length, bytes: 180e6 * spans.length, complete: true, gone: spans.slice(0, 1).map((span) => ({ ...span, to_us: span.from_us + margin_us / 2, rule: 'retention.days = 90', deleted_us: this.now_us() })),
    };
    this.holds.push(hold);
    return hold;
  }

  lift(id, { reason }) {
    const hold = this.holds.find((one) => one.hold === id);
    if (!hold) throw new Failure(404, 'not_found', 'no such hold');
    if (!reason) throw new Failure(400, 'invalid', 'lifting needs a reason');
    return Object.assign(hold, { lifted_us: this.now_us(), lifted_by: kReviewer, lift_reason: reason });
  }

  search(query) {
    const nothing = { as: 'nothing', read: { windows: [], ticket: '', from_us: null, to_us: null, words: [] }, complete: true, cases: [], visits: [], clerks: [], windows: [], titles: [], items: [], notes: [] };
    const lines = [...this.visits.values()].map((visit) => this.line(visit));
    const hits = (visits) => visits.map((visit) => ({ visit, case_numbers: visit.cases }));
    if (/号窗口/.test(query)) {
      const window = kWindows.find(({ name }) => query.startsWith(name));
      return { ...nothing, as: 'visits', read: { ...nothing.read, windows: [window], from_us: kCalledUs - 900_000_000, to_us: kCalledUs + 900_000_000 }, windows: window ? [window] : [], visits: hits(lines.filter((visit) => visit.window.id === window?.id && visit.called_us >= kCalledUs).slice(0, 5)) };
    }
    const ticket = lines.filter((visit) => visit.ticket && visit.ticket.replace(/0/g, '') === query.toUpperCase().replace(/0/g, ''));
    if (ticket.length) return { ...nothing, as: 'visits', read: { ...nothing.read, ticket: query }, visits: hits(ticket) };
    const clerks = kClerks.filter(({ id, name, initials }) => id === query || name.includes(query) || initials === query.toLowerCase());
    const cases = this.cases(query);
    if (clerks.length) return { ...nothing, as: 'clerk', clerks: clerks.map(({ id, name }) => ({ id, name })), cases };
    if (!/[\u3400-\u9fff]/.test(query)) return cases.length ? { ...nothing, as: 'number', cases } : nothing;
    const titles = ['补正通知书', '社会保险登记'].filter((title) => title.includes(query)).map((title) => ({ stream: 'ws-w3.screen', at_us: kCalledUs + 20_000_000, title, program: 'chromium' }));
    const items = [{ id: 'S1', name: '社会保险登记', cases: ['20260105-100137'] }].filter(({ name }) => name.includes(query));
    const notes = [{ visit: 7, case: '20260105-100137', at_us: kCalledUs, by: '李明', text: '已告知补正材料' }].filter(({ text }) => text.includes(query));
    return { ...nothing, as: titles.length || items.length || notes.length ? 'words' : 'nothing', read: { ...nothing.read, words: [query] }, titles, items, notes };
  }

  line({ streams, links, ...visit }) {
    const cases = links.filter(({ state }) => state !== 'rejected').map(({ case: number }) => number);
    const served_us = (visit.finished_us ?? this.now_us()) - visit.called_us;
    return { ...visit, link: undefined, cases, marked: cases.length === 0 && served_us > kLong_us };
  }

  list(query) {
    const [from, to, after] = ['from', 'to', 'after'].map((name) => (query.has(name) ? Number(query.get(name)) : null));
    const limit = Number(query.get('limit') ?? 100);
    const all = [...this.visits.values()].map((visit) => this.line(visit)).filter((visit) => (
      (!query.has('without_case') || (visit.cases.length === 0) === (query.get('without_case') === '1')) &&
      (from === null || visit.called_us >= from) && (to === null || visit.called_us < to) &&
      (!query.has('window') || visit.window.id === query.get('window')) && (!query.has('clerk') || visit.clerk?.id === query.get('clerk'))));
    all.sort((a, b) => b.called_us - a.called_us || b.id - a.id);
    const first = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1;
    const page = all.slice(first, first + limit);
    return { visits: page, next: first + limit < all.length ? String(page[page.length - 1].id) : null };
  }

  judge(visit, { case: number, action, reason }) {
    if (!reason) throw new Failure(400, 'invalid', 'a decision needs a reason');
    const said = { by: '李明', reason: reason || null, decided_us: this.now_us() };
    const known = visit.links.find((link) => link.case === number);
    if (action === 'add') {
      if (!fake_cases().some((one) => one.number === number)) throw new Failure(404, 'not_found', 'no such case');
      if (!known) visit.links.push({ case: number, source: 'manual', why: 'said_by_person', confidence: 1, interval: [visit.called_us, visit.finished_us], state: 'added', ...said });
    } else if (known) {
      Object.assign(known, { state: action === 'confirm' ? 'confirmed' : 'rejected', ...said });
    } else {
      throw new Failure(404, 'not_found', 'no such link');
    }
    return visit;
  }
}
