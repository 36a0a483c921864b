import { expect, test } from 'vitest';
import { en } from '../../src/i18n/en';
import { zh_cn, type Key } from '../../src/i18n/zh_cn';
import { link_sentence, type Speech } from '../../src/lib/link_sentence';
import { TimeFormat } from '../../src/lib/time_format';
import type { Link } from '../../src/lib/words';

const kCalled = Date.UTC(2026, 0, 5, 1, 45, 0) * 1000;
const kLink: Link = {
  source: 'queue', confidence: 0.994, why: 'ticket_names_case', interval: [kCalled, kCalled + 50e6], state: 'inferred', by: null, reason: null, decided_us: null,
};
const kPerson = { by: '李明', reason: '核对了屏幕', decided_us: kCalled + 3600e6 };

function speech(words: Partial<Record<Key, string>>): Speech {
  const t: Speech['t'] = (key, values = {}) => words[key]!.replace(/\{(\w+)\}/g, (_all, name: string) => String(values[name]));
  return { t, word: (prefix, word, other, values) => t((`${prefix}_${word}` in words ? `${prefix}_${word}` : other) as Key, values) };
}

const says = (link: Partial<Link>) => link_sentence({ ...kLink, ...link }, kCalled, new TimeFormat('Asia/Shanghai', 'zh-CN'), speech(zh_cn));
const says_en = (link: Partial<Link>) => link_sentence({ ...kLink, ...link }, kCalled, new TimeFormat('Asia/Shanghai', 'en'), speech(en));

test('rule, source, interval and confidence make the sentence', () => {
  expect(says({})).toBe('系统推断：票号登记了本办件（来源：排队叫号系统；对应 09:45:00–09:45:50），可信度 99%，尚无人核对。');
  expect(says_en({})).toBe('The system believes it: the ticket names this case (source: queue system; 09:45:00–09:45:50), confidence 99 %; no person has judged it.');
  expect(says({ interval: [kCalled, null] })).toContain('09:45:00–至今');
});

test('a person’s name, time and reason are in it', () => {
  expect(says({ state: 'confirmed', ...kPerson })).toBe(
    '李明于 2026年1月5日周一 10:45:00 已确认，理由：核对了屏幕。系统依据：票号登记了本办件（来源：排队叫号系统；对应 09:45:00–09:45:50），可信度 99%。');
  expect(says({ state: 'rejected', ...kPerson, reason: null })).toMatch(/^李明于 .* 已否定。系统原依据：票号/);
  expect(says_en({ state: 'rejected', ...kPerson })).toMatch(/^李明 rejected it on Mon, Jan 5, 2026 10:45:00, reason: 核对了屏幕\. The system’s grounds were: the ticket/);
});

test('what a person added has no grounds of the system', () => {
  expect(says({ state: 'added', source: 'manual', why: 'said_by_person', confidence: 1, ...kPerson })).toBe(
    '李明于 2026年1月5日周一 10:45:00 人工补录，理由：核对了屏幕（对应 09:45:00–09:45:50）。');
});

test('a rule and a source of a newer server are told by their names', () => {
  expect(says({ why: 'new_rule', source: 'new_source' })).toContain('规则 new_rule（来源：new_source；');
});
