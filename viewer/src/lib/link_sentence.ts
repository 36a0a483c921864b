import type { Key } from '../i18n/index.svelte';
import type { TimeFormat } from './time_format';
import type { Link } from './words';

/** The words of the reader's language. */
export interface Speech {
  t(key: Key, values?: Record<string, string | number>): string;
  word(prefix: string, word: string, other: Key, values?: Record<string, string | number>): string;
}

/**
 * Why a visit is believed to belong to a case, as one sentence: rule, source, which part of the visit, confidence, and what a person
 * said about it. `near_us`: the visit's call, whose day need not be told.
 */
export function link_sentence(link: Link, near_us: number, format: TimeFormat, { t, word }: Speech): string {
  const person = {
    by: link.by || t('unknown'),
    when: link.decided_us ? t('link_when', { time: format.moment(link.decided_us) }) : '',
    reason: link.reason ? t('link_reason', { reason: link.reason }) : '',
  };
  const [from_us, to_us] = link.interval;
  const interval = { from: format.moment(from_us, near_us), to: to_us === null ? t('still_open') : format.moment(to_us, from_us) };
  if (link.state === 'added') return t('link_added', { ...person, ...interval });
  const basis = t('link_basis', {
    ...interval,
    why: word('why', link.why, 'why_other', { rule: link.why }),
    source: word('source', link.source, 'source_other', { source: link.source }),
    percent: Math.round(link.confidence * 100),
  });
  if (link.state === 'inferred') return t('link_inferred', { basis });
  return t(link.state === 'confirmed' ? 'link_confirmed' : 'link_rejected', { basis, ...person });
}
