import type { Key } from '../i18n/index.svelte';
import { case_path, moment_path, visit_path, visits_path } from './router';
import type { TimeFormat } from './time_format';
import type { CaseHit, Found, Named, VisitHit } from './words';

/** What a search found, as lines that can be chosen. Pure: the pages draw them. */

export const kGroups = ['cases', 'visits', 'clerks', 'windows', 'items', 'notes', 'titles'] as const;
export type Group = (typeof kGroups)[number];

export interface Hit {
  group: Group;
  path: string;
  main: string;
  /** What tells it from others of its kind. */
  more: string;
  marked: boolean;
}

type Say = (key: Key, values?: Record<string, string | number>) => string;

function line(...parts: (string | null | undefined)[]): string {
  return parts.filter(Boolean).join(' · ');
}

function person(clerk: Named | null): string | null {
  return clerk && (clerk.name === clerk.id ? clerk.id : `${clerk.name} ${clerk.id}`);
}

/** The case's desk when the visit has exactly one, else the visit's own. */
export function path_of_visit(id: number, cases: string[]): string {
  return cases.length === 1 ? `${case_path(cases[0]!)}?visit=${id}` : visit_path(id);
}

function path_of_note({ visit, case: number }: { visit: number | null; case: string | null }): string {
  if (number === null) return visit === null ? '/' : visit_path(visit);
  return visit === null ? case_path(number) : `${case_path(number)}?visit=${visit}`;
}

/** Its newest case. */
function path_of_item({ name, cases }: { name: string; cases: string[] }): string {
  return cases.length ? case_path(cases[0]!) : `/?q=${encodeURIComponent(name)}`;
}

/** How the query was read, as a sentence; empty when nothing was found. */
export function reading_of({ as, read }: Found, format: TimeFormat, say: Say): string {
  if (as === 'number' || as === 'clerk') return say(`as_${as}`);
  if (as === 'words') return say('as_words', { words: read.words.join(' ') });
  if (as !== 'visits') return '';
  const time = read.from_us === null ? null : `${format.moment(read.from_us)}–${read.to_us === null ? '' : format.moment(read.to_us, read.from_us)}`;
  return say('as_visits', { what: line(read.windows.map(({ name }) => name).join('、'), read.ticket && say('as_ticket', { ticket: read.ticket }), time) });
}

function hit_of_case(one: CaseHit, format: TimeFormat, say: Say): Hit {
  const called = one.called_us === null ? null : format.moment(one.called_us);
  const visits = one.visits > 1 ? say('n_visits', { n: one.visits }) : null;
  return { group: 'cases', path: case_path(one.number), main: one.number, more: line(one.item?.name, one.window?.name, person(one.clerk), called, visits), marked: false };
}

function hit_of_visit(visit: VisitHit, cases: string[], format: TimeFormat, say: Say): Hit {
  const main = `${visit.ticket || say('no_ticket')} ${visit.window?.name ?? ''}`.trim();
  const which = cases.length ? cases.join('、') : say(visit.marked ? 'visit_marked' : 'visit_no_case');
  return { group: 'visits', path: path_of_visit(visit.id, cases), main, more: line(format.moment(visit.called_us), person(visit.clerk), which), marked: visit.marked };
}

/** At most `most` lines of each kind. */
export function hits_of(found: Found, format: TimeFormat, say: Say, most = Infinity): Hit[] {
  const plain = { more: '', marked: false };
  return [
    ...found.cases.slice(0, most).map((one) => hit_of_case(one, format, say)),
    ...found.visits.slice(0, most).map(({ visit, case_numbers }) => hit_of_visit(visit, case_numbers, format, say)),
    ...found.clerks.slice(0, most).map((one): Hit => ({ ...plain, group: 'clerks', path: visits_path({ clerk: one.id, cases: 'any' }), main: one.name, more: one.id })),
    ...found.windows.slice(0, most).map((one): Hit => ({ ...plain, group: 'windows', path: visits_path({ window: one.id, cases: 'any' }), main: one.name, more: one.id })),
    ...found.items.slice(0, most).map((one): Hit => ({ ...plain, group: 'items', path: path_of_item(one), main: one.name, more: line(one.id, one.cases.length ? say('item_cases', { numbers: one.cases.join('、') }) : null) })),
    ...found.notes.slice(0, most).map((one): Hit => ({ ...plain, group: 'notes', path: path_of_note(one), main: one.text, more: line(one.case, one.by, format.moment(one.at_us)) })),
    ...found.titles.slice(0, most).map((one): Hit => (
      { ...plain, group: 'titles', path: moment_path(one.stream, one.at_us), main: one.title || say('no_title'), more: line(format.moment(one.at_us), one.program) })),
  ];
}

/** As the server compares numbers: width, case, dashes and blanks make no difference. */
function folded(number: string): string {
  return number.normalize('NFKC').toLowerCase().replace(/[\s\u002d\u00ad\u2010-\u2015\u2212\u30fc]/g, '');
}

/**
 * Where Enter leads at once: to the case whose whole number was typed, or to the only case or visit that the query can mean.
 * Words that some window title shares with it do not stand in the way. Null: a person has to choose.
 */
export function sure_path(query: string, found: Found): string | null {
  const exact = found.cases.find(({ number }) => folded(number) === folded(query));
  if (exact) return case_path(exact.number);
  if (found.cases.length + found.visits.length + found.clerks.length + found.windows.length !== 1) return null;
  if (found.cases.length) return case_path(found.cases[0]!.number);
  const [only] = found.visits;
  return only ? path_of_visit(only.visit.id, only.case_numbers) : null;
}
