import { family_of } from './gap_family';
import { gap_paint, type GapPaint } from './timeline';
import { kDay, kMinute, type TimeFormat } from './time_format';
import { ticks, TimelineScale } from './timeline_scale';
import type { AlertLevel, PresenceState } from './words';

export const kLongestView = 90 * kDay;

/** A stretch of a stream: footage when `cause` is null, else a gap or purged time. */
export interface Span {
  begin_us: number;
  end_us: number;
  cause: string | null;
}

/** What a screen shows of whoever worked there. */
export interface Presence {
  begin_us: number;
  end_us: number;
  state: PresenceState;
}

/** Visits that are one on this scale. */
export interface Served {
  begin_us: number;
  end_us: number;
  count: number;
}

/** Alerts that are one on this scale, with the gravest level. */
export interface Warned extends Served {
  level: AlertLevel;
}

export interface OverviewRow {
  key: string;
  name: string;
  kind: 'camera' | 'screen';
  spans: Span[];
  presence: Presence[];
}

/** Streams of one window or area, under its name, beside which stand who was served there and what was noticed. */
export interface OverviewGroup {
  name: string;
  rows: OverviewRow[];
  served: Served[];
  /** The gravest first. */
  alerts: Warned[];
}

/** What is under a point: of a stream (`row`), or of its window. */
export interface Found {
  us: number;
  group: OverviewGroup;
  row: OverviewRow | null;
  span: Span | null;
  presence: Presence | null;
  served: Served | null;
  alerts: Warned | null;
}

/** Heights in CSS pixels; the page lays its labels out by the same numbers. */
export const kAxisPx = 28;
export const kGroupPx = 26;
export const kRowPx = 20;
const kBarPx = 12;
/** Of presence, right under the bar of its screen. */
const kPresencePx = 3;
const kServedPx = 8;
const kAlertPx = 4;
/** A gap of a second is seen on 90 days. */
const kLeastGapPx = 2;
const kLeastAlertPx = 4;
const kColors = { axis: '#51616e', grid: '#e3e8ec', lane: '#eef1f4', footage: '#2f7f86', screen: '#4a6fa5', served: '#b98a2f', now: '#12212c' };
/** The legend of the coverage page shows the same, as the list of alerts shows its levels. */
const kPresenceColors: Record<PresenceState, string> = { input: '#1f6b45', idle: '#e08a2c', locked: '#8593a0' };
const kLevelColors: Record<AlertLevel, string> = { blue: '#1f5fa8', yellow: '#e0ae2c', red: '#a3362c' };

/** A row, or the line of its group when `row` is null. */
interface Placed {
  group: OverviewGroup;
  row: OverviewRow | null;
  top_px: number;
  height_px: number;
}

/**
 * Draws the coverage of many streams on one canvas that is as high as what is seen of it: rows outside are not drawn. In the line of a window
 * visits and above them alerts, under a screen's bar its presence. Owner: the coverage page. Does not: ask, take input.
 */
export class Overview {
  scale: TimelineScale;
  groups: OverviewGroup[] = [];
  /** How far the rows are scrolled up under the axis. */
  scroll_px = 0;
  /** Milliseconds of the last draw. */
  drawn_in_ms = 0;

  private readonly context: CanvasRenderingContext2D;
  private readonly gaps: GapPaint;

  constructor(private readonly canvas: HTMLCanvasElement, from_us: number, to_us: number) {
    this.context = canvas.getContext('2d', { alpha: false })!;
    this.scale = new TimelineScale(from_us, to_us, 1, kLongestView);
    this.gaps = gap_paint(this.context);
  }

  at(x: number, y: number): Found | null {
    if (y < kAxisPx) return null;
    const under = y - kAxisPx + this.scroll_px;
    const placed = this.placed().find(({ top_px, height_px }) => under >= top_px && under < top_px + height_px);
    if (!placed) return null;
    const us = this.scale.us(x);
    const covers = (part: { begin_us: number; end_us: number }) => part.begin_us <= us && us < part.end_us;
    /** What is drawn wider than it is, is found where it is seen. */
    const shows = (least_px: number) => (part: { begin_us: number; end_us: number }) => {
      const reach_us = (least_px / this.scale.width_px) * this.scale.length_us;
      return part.begin_us - reach_us / 2 <= us && us < Math.max(part.end_us, part.begin_us + reach_us);
    };
    const { group, row } = placed;
    return {
      us,
      group,
      row,
      span: row?.spans.filter(({ cause }) => cause !== null).find(shows(kLeastGapPx)) ?? row?.spans.find(covers) ?? null,
      presence: row?.presence.find(covers) ?? null,
      served: row ? null : (group.served.find(shows(1)) ?? null),
      alerts: row ? null : (group.alerts.find(shows(kLeastAlertPx)) ?? null),
    };
  }

  draw(format: TimeFormat, now_us: number): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    const started = performance.now();
    if (width !== this.scale.width_px) this.scale = this.scale.resized(width);
    const ratio = window.devicePixelRatio || 1;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== w) this.canvas.width = w;
    if (this.canvas.height !== h) this.canvas.height = h;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.fillStyle = '#ffffff';
    this.context.fillRect(0, 0, width, height);
    this.paint_rows(height);
    this.paint_axis(format, width, height);
    const now_x = Math.round(this.scale.x(now_us)) + 0.5;
    if (now_x > 0 && now_x < width) this.line(now_x, height, kColors.now);
    this.drawn_in_ms = performance.now() - started;
  }

  private placed(): Placed[] {
    const result: Placed[] = [];
    let top_px = 0;
    for (const group of this.groups) {
      result.push({ group, row: null, top_px, height_px: kGroupPx });
      top_px += kGroupPx;
      for (const row of group.rows) {
        result.push({ group, row, top_px, height_px: kRowPx });
        top_px += kRowPx;
      }
    }
    return result;
  }

  private paint_rows(height: number): void {
    for (const { group, row, top_px, height_px } of this.placed()) {
      const y = kAxisPx + top_px - this.scroll_px;
      if (y + height_px < kAxisPx || y > height) continue;
      if (row) this.paint_row(row, y + (kRowPx - kBarPx) / 2);
      else this.paint_window(group, y);
    }
  }

  private paint_row(row: OverviewRow, y: number): void {
    this.bar(this.scale.from_us, this.scale.to_us, y, kBarPx, kColors.lane);
    for (const span of row.spans) if (span.cause === null) this.bar(span.begin_us, span.end_us, y, kBarPx, row.kind === 'screen' ? kColors.screen : kColors.footage);
    for (const span of row.spans) {
      if (span.cause === null) continue;
      for (const fill of this.gaps[family_of(span.cause)]) this.bar(span.begin_us, span.end_us, y, kBarPx, fill, kLeastGapPx);
    }
    for (const { begin_us, end_us, state } of row.presence) this.bar(begin_us, end_us, y + kBarPx, kPresencePx, kPresenceColors[state]);
  }

  private paint_window(group: OverviewGroup, y: number): void {
    const served_y = y + kGroupPx - kServedPx - 3;
    for (const { begin_us, end_us } of group.served) this.bar(begin_us, end_us, served_y, kServedPx, kColors.served);
    for (const { begin_us, end_us, level } of [...group.alerts].reverse()) this.bar(begin_us, end_us, served_y - kAlertPx - 1, kAlertPx, kLevelColors[level], kLeastAlertPx);
  }

  private paint_axis(format: TimeFormat, width: number, height: number): void {
    const { context, scale } = this;
    context.fillStyle = '#ffffff';
    context.fillRect(0, 0, width, kAxisPx);
    const offset_us = format.offset_us(scale.from_us);
    const { step_us, at_us } = ticks(scale, offset_us, 84);
    context.font = '12px "Microsoft YaHei","PingFang SC","Noto Sans CJK SC",sans-serif';
    context.textBaseline = 'middle';
    context.textAlign = 'center';
    for (const us of at_us) {
      const x = Math.round(scale.x(us)) + 0.5;
      this.line(x, height, kColors.grid);
      const midnight = (us + offset_us) % kDay === 0;
      context.fillStyle = kColors.axis;
      if (x > 24 && x < width - 24) context.fillText(midnight ? format.short_day(us) : step_us < kMinute ? format.time(us) : format.minute(us), x, 12);
    }
  }

  private bar(from_us: number, to_us: number, y: number, height: number, fill: string | CanvasPattern, least_px = 1): void {
    const left = Math.max(0, this.scale.x(from_us));
    const right = Math.min(this.scale.width_px, this.scale.x(to_us));
    if (right < 0 || left > this.scale.width_px || to_us < from_us) return;
    this.context.fillStyle = fill;
    this.context.fillRect(left, y, Math.max(least_px, right - left), height);
  }

  private line(x: number, height: number, color: string): void {
    const { context } = this;
    context.strokeStyle = color;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x, kAxisPx - 6);
    context.lineTo(x, height);
    context.stroke();
  }
}
