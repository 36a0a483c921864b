import { zh_cn, type Key } from './zh_cn';

export type Locale = 'zh-CN' | 'en';
export type { Key };
export const kLocales: { locale: Locale; name: string }[] = [
  { locale: 'zh-CN', name: '中文' },
  { locale: 'en', name: 'English' },
];

const kStorageKey = 'mj.locale';
type Dictionary = Partial<Record<Key, string>>;
/** The first language comes with the program, what only other pages than the review desk say with them; other languages when they are asked for. */
const kLoaders: Record<Locale, (pages: boolean) => Promise<Dictionary>> = {
  'zh-CN': async (pages) => (pages ? { ...zh_cn, ...(await import('./zh_cn_pages')).zh_cn_pages } : zh_cn),
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
  private pages = false;
  private loaded: Promise<void> = Promise.resolve();

  /** Before the first word is shown. */
  start(): Promise<void> {
    return this.load(first_locale());
  }

  /** That page or dialog, when its words are here too. */
  async with_words<T>(page: Promise<T>): Promise<T> {
    if (!this.pages) {
      this.pages = true;
      this.loaded = this.load(this.locale);
    }
    await this.loaded;
    return page;
  }

  set(locale: Locale): void {
    localStorage.setItem(kStorageKey, locale);
    void this.load(locale);
  }

  /** The sentence of that key with its values in place. */
  t = (key: Key, values: Record<string, string | number> = {}): string =>
    (this.dictionary[key] ?? key).replace(/\{(\w+)\}/g, (_all, name: string) => String(values[name] ?? ''));

  /** The sentence of a word from the server, or of `other` for a word that this page does not know. */
  word = (prefix: string, word: string, other: Key, values: Record<string, string | number> = {}): string => {
    const key = `${prefix}_${word}`;
    return this.t(key in this.dictionary ? (key as Key) : other, values);
  };

  private async load(locale: Locale): Promise<void> {
    this.dictionary = await kLoaders[locale](this.pages);
    this.locale = locale;
  }
}

export const language = new Language();
export const t = language.t;
