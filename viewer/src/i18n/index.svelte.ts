import { zh_cn, type Key } from './zh_cn';

export type Locale = 'zh-CN' | 'en';
export type { Key };
export const kLocales: { locale: Locale; name: string }[] = [
  { locale: 'zh-CN', name: '中文' },
  { locale: 'en', name: 'English' },
];

const kStorageKey = 'mj.locale';
type Dictionary = Record<Key, string>;
/** The first language comes with the program, others when they are asked for. */
const kLoaders: Record<Locale, () => Promise<Dictionary>> = {
  'zh-CN': async () => zh_cn,
  en: async () => (await import('./en')).en,
};

function first_locale(): Locale {
  const kept = localStorage.getItem(kStorageKey);
  if (kept === 'en' || kept === 'zh-CN') return kept;
  return navigator.language.startsWith('en') ? 'en' : 'zh-CN';
}

class Language {
  locale: Locale = $state('zh-CN');
  private dictionary: Dictionary = $state.raw(zh_cn);

  /** Before the first word is shown. */
  start(): Promise<void> {
    return this.load(first_locale());
  }

  set(locale: Locale): void {
    localStorage.setItem(kStorageKey, locale);
    void this.load(locale);
  }

  /** The sentence of that key with its values in place. */
  t = (key: Key, values: Record<string, string | number> = {}): string =>
    this.dictionary[key].replace(/\{(\w+)\}/g, (_all, name: string) => String(values[name] ?? ''));

  /** The sentence of a word from the server, or of `other` for a word that this page does not know. */
  word = (prefix: string, word: string, other: Key, values: Record<string, string | number> = {}): string => {
    const key = `${prefix}_${word}`;
    return this.t(key in zh_cn ? (key as Key) : other, values);
  };

  private async load(locale: Locale): Promise<void> {
    this.dictionary = await kLoaders[locale]();
    this.locale = locale;
  }
}

export const language = new Language();
export const t = language.t;
