import { en } from './en';
import { zh_cn, type Key } from './zh_cn';

export type Locale = 'zh-CN' | 'en';
export type { Key };
export const kLocales: { locale: Locale; name: string }[] = [
  { locale: 'zh-CN', name: '中文' },
  { locale: 'en', name: 'English' },
];

const kStorageKey = 'mj.locale';
const kDictionaries: Record<Locale, Record<Key, string>> = { 'zh-CN': zh_cn, en };

function first_locale(): Locale {
  const kept = localStorage.getItem(kStorageKey);
  if (kept === 'en' || kept === 'zh-CN') return kept;
  return navigator.language.startsWith('en') ? 'en' : 'zh-CN';
}

class Language {
  locale: Locale = $state(first_locale());

  set(locale: Locale): void {
    this.locale = locale;
    localStorage.setItem(kStorageKey, locale);
  }

  /** The sentence of that key with its values in place. */
  t = (key: Key, values: Record<string, string | number> = {}): string =>
    kDictionaries[this.locale][key].replace(/\{(\w+)\}/g, (_all, name: string) => String(values[name] ?? ''));

  /** The sentence of a word from the server, or of `other` for a word that this page does not know. */
  word = (prefix: string, word: string, other: Key, values: Record<string, string | number> = {}): string => {
    const key = `${prefix}_${word}`;
    return this.t(key in zh_cn ? (key as Key) : other, values);
  };
}

export const language = new Language();
export const t = language.t;
