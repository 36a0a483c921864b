/** Shows moments in the hall's time zone, whatever zone the reader's computer is in. Always 24 hours with seconds. */

export const kSecond = 1_000_000;
export const kMinute = 60 * kSecond;
export const kHour = 60 * kMinute;
export const kDay = 24 * kHour;

export class TimeFormat {
  private readonly clock: Intl.DateTimeFormat;
  private readonly day: Intl.DateTimeFormat;
  private readonly month_day: Intl.DateTimeFormat;
  private readonly parts: Intl.DateTimeFormat;
  private readonly offsets = new Map<number, number>();

  constructor(timezone: string, locale: string) {
    const timeZone = known_zone(timezone);
    this.clock = new Intl.DateTimeFormat('en-GB', { timeZone, hourCycle: 'h23', hour: '2-digit', minute: '2-digit', second: '2-digit' });
    this.day = new Intl.DateTimeFormat(locale, { timeZone, year: 'numeric', month: 'short', day: 'numeric', weekday: 'short' });
    this.month_day = new Intl.DateTimeFormat(locale, { timeZone, month: 'short', day: 'numeric' });
    this.parts = new Intl.DateTimeFormat('en-GB', {
      timeZone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
    });
  }

  /** 09:45:12 */
  time(us: number): string {
    return this.clock.format(us / 1000);
  }

  /** 09:45 */
  minute(us: number): string {
    return this.time(us).slice(0, 5);
  }

  /** 09:45:12.040 */
  precise(us: number): string {
    const milliseconds = Math.floor((us - Math.floor(us / kSecond) * kSecond) / 1000);
    return `${this.time(us)}.${String(milliseconds).padStart(3, '0')}`;
  }

  /** 2026年1月5日周一, or Mon, 5 Jan 2026 */
  date(us: number): string {
    return this.day.format(us / 1000);
  }

  /** 1月5日, or Jan 5 */
  short_day(us: number): string {
    return this.month_day.format(us / 1000);
  }

  /** Date and time, the date left out when it is that of `reference_us`. */
  moment(us: number, reference_us: number | null = null): string {
    if (reference_us !== null && this.same_day(us, reference_us)) return this.time(us);
    return `${this.date(us)} ${this.time(us)}`;
  }

  same_day(a_us: number, b_us: number): boolean {
    return this.local_day(a_us) === this.local_day(b_us);
  }

  /** 2026-01-05, as a date field has it. */
  day_of(us: number): string {
    return new Date((us + this.offset_us(us)) / 1000).toISOString().slice(0, 10);
  }

  /** Midnight at the beginning of such a day; null when it is no day. */
  day_begin_us(day: string): number | null {
    const milliseconds = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : NaN;
    if (Number.isNaN(milliseconds)) return null;
    const near_us = milliseconds * 1000 - this.offset_us(milliseconds * 1000);
    return milliseconds * 1000 - this.offset_us(near_us);
  }

  private local_day(us: number): number {
    return Math.floor((us + this.offset_us(us)) / kDay);
  }

  /** Hall time minus UTC at that moment. */
  offset_us(us: number): number {
    const hour = Math.floor(us / kHour);
    let offset = this.offsets.get(hour);
    if (offset === undefined) {
      const at = new Map(this.parts.formatToParts(hour * 3600_000).map((part) => [part.type, Number(part.value)]));
      const local = Date.UTC(at.get('year')!, at.get('month')! - 1, at.get('day')!, at.get('hour')!, at.get('minute')!, at.get('second')!);
      offset = (local - hour * 3600_000) * 1000;
      this.offsets.set(hour, offset);
    }
    return offset;
  }
}

function known_zone(timezone: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
    return timezone;
  } catch {
    return 'UTC';
  }
}

/** A length in words of numbers: 0:42, 13:28, 1:02:03. */
export function format_length(us: number): string {
  const total = Math.max(0, Math.round(us / kSecond));
  const seconds = String(total % 60).padStart(2, '0');
  const minutes = Math.floor(total / 60) % 60;
  const hours = Math.floor(total / 3600);
  return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`;
}

/** A moment as it stands in a URL: 2026-01-05T01:45:31.240000Z. Exact to the microsecond, unlike Date. */
export function format_url_time(us: number): string {
  const seconds = Math.floor(us / kSecond);
  const rest = String(Math.round(us - seconds * kSecond)).padStart(6, '0');
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${rest}Z`;
}

export function parse_url_time(text: string | null): number | null {
  const found = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z$/.exec(text ?? '');
  if (!found) return null;
  const milliseconds = Date.parse(`${found[1]}Z`);
  if (Number.isNaN(milliseconds)) return null;
  return milliseconds * 1000 + Number((found[2] ?? '').padEnd(6, '0'));
}
