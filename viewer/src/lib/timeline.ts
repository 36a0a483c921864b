import { family_of, type GapFamily } from './gap_family';
import type { StreamFacts } from './stream_facts';
import { kMinute, type TimeFormat } from './time_format';
import { ticks, TimelineScale } from './timeline_scale';

export interface Lane {
  key: string;
  kind: 'camera' | 'screen';
  facts: StreamFacts;
}

export interface CaseMarks {
  /** The visits, the current one marked. */
  visits: { begin_us: number; end_us: number; current: boolean }[];
  steps_us: number[];
  called_us: number;
}

export interface Marks extends CaseMarks {
  lanes: Lane[];
  format: TimeFormat;
}

/** Heights in CSS pixels; the page lays its lane labels out by the same numbers. */
export const kAxisPx = 26;
export const kLanePx = 30;
const kBarPx = 14;

const kColors = {
  axis: '#51616e', grid: '#e3e8ec', lane: '#eef1f4', footage: '#2f7f86', screen: '#4a6fa5',
  shot: '#25456f', visit: '#b98a2f', other_visit: '#d9cba9', step: '#6b4c0e', called: '#a3362c', now: '#12212c',
};

/** Ground and hatch of a gap. The legends in app.css show the same. */
const kGapColors: Record<GapFamily, [string, string]> = { fault: ['#fbeceb', '#b3463f'], quiet: ['#fbf5e2', '#c2a14b'], purged: ['#e4e8eb', '#8593a0'] };

/**
 * Draws the lanes of a review on one canvas: footage solid, gaps hatched by their family (gap_family.ts), shots as ticks, the case as a bar, the called line
 * and the playhead. Draws only when something changed. Owner: the timeline component. Does not: take input.
 */
export class Timeline {
  scale: TimelineScale;
  /** Milliseconds of the last draw. */
  drawn_in_ms = 0;

  private readonly context: CanvasRenderingContext2D;
  private readonly gaps: GapPaint;
  private last = '';

  constructor(private readonly canvas: HTMLCanvasElement, private readonly marks: () => Marks, from_us: number, to_us: number) {
    this.context = canvas.getContext('2d', { alpha: false })!;
    this.scale = new TimelineScale(from_us, to_us, 1);
    this.gaps = gap_paint(this.context);
  }

  get height_px(): number {
    return kAxisPx + (this.marks().lanes.length + 1) * kLanePx;
  }

  /** Draws if anything is not as it was. */
  draw(t_us: number): void {
    const marks = this.marks();
    const width = this.canvas.clientWidth;
    const ratio = window.devicePixelRatio || 1;
    if (width === 0) return;
    if (width !== this.scale.width_px) this.scale = this.scale.resized(width);
    const versions = marks.lanes.map((lane) => `${lane.key}:${lane.facts.version}`).join();
    const { from_us, to_us } = this.scale;
    const state = `${width} ${ratio} ${from_us} ${to_us} ${Math.round(this.scale.x(t_us) * ratio)} ${marks.called_us} ${marks.visits.length} ${versions}`;
    for (const lane of marks.lanes) lane.facts.coverage(from_us, to_us);
    if (state === this.last) return;
    this.last = state;
    const started = performance.now();
    this.fit(width, this.height_px, ratio);
    this.paint(marks, t_us);
    this.drawn_in_ms = performance.now() - started;
  }

  private fit(width: number, height: number, ratio: number): void {
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== w) this.canvas.width = w;
    if (this.canvas.height !== h) this.canvas.height = h;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  private paint(marks: Marks, t_us: number): void {
    const { context, scale } = this;
    context.fillStyle = '#ffffff';
    context.fillRect(0, 0, scale.width_px, this.height_px);
    this.paint_axis(marks.format);
    marks.lanes.forEach((lane, n) => this.paint_lane(lane, kAxisPx + n * kLanePx));
    this.paint_case(marks, kAxisPx + marks.lanes.length * kLanePx);
    this.line(scale.x(marks.called_us), kColors.called, 1.5, [4, 3], kAxisPx - 6);
    this.paint_playhead(scale.x(t_us));
  }

  private paint_axis(format: TimeFormat): void {
    const { context, scale } = this;
    const { step_us, at_us } = ticks(scale, format.offset_us(scale.from_us), 84);
    context.font = '12px "Microsoft YaHei","PingFang SC","Noto Sans CJK SC",sans-serif';
    context.textBaseline = 'middle';
    context.textAlign = 'center';
    for (const us of at_us) {
      const x = Math.round(scale.x(us)) + 0.5;
      this.line(x, kColors.grid, 1, [], kAxisPx - 4);
      context.fillStyle = kColors.axis;
      if (x > 24 && x < scale.width_px - 24) context.fillText(step_us < kMinute ? format.time(us) : format.minute(us), x, 11);
    }
  }

  private paint_lane(lane: Lane, top: number): void {
    const { scale } = this;
    const y = top + (kLanePx - kBarPx) / 2;
    this.bar(scale.from_us, scale.to_us, y, kBarPx, kColors.lane);
    const coverage = lane.facts.coverage(scale.from_us, scale.to_us);
    if (!coverage) return;
    for (const [begin, end] of coverage.footage) this.bar(begin, end, y, kBarPx, lane.kind === 'screen' ? kColors.screen : kColors.footage);
    for (const gap of coverage.gaps) {
      const end = gap.end_us ?? Math.min(scale.to_us, lane.facts.now_us());
      for (const fill of this.gaps[family_of(gap.cause)]) this.bar(gap.begin_us, end, y, kBarPx, fill);
    }
    if (lane.kind === 'screen') this.paint_shots(lane.facts, y);
  }

  private paint_shots(facts: StreamFacts, y: number): void {
    const { context, scale } = this;
    context.fillStyle = '#ffffff';
    let last_x = -Infinity;
    for (const segment of facts.index.segments) {
      if (segment.end_us < scale.from_us || segment.start_us > scale.to_us) continue;
      for (const { start_us } of segment.fragments) {
        const x = scale.x(start_us);
        if (x < 0 || x > scale.width_px || x - last_x < 3) continue;
        context.fillRect(Math.round(x), y + 3, 1, kBarPx - 6);
        last_x = x;
      }
    }
  }

  private paint_case(marks: CaseMarks, top: number): void {
    const { context, scale } = this;
    const y = top + (kLanePx - kBarPx) / 2;
    this.bar(scale.from_us, scale.to_us, y, kBarPx, kColors.lane);
    for (const visit of marks.visits) this.bar(visit.begin_us, visit.end_us, y, kBarPx, visit.current ? kColors.visit : kColors.other_visit);
    context.fillStyle = kColors.step;
    for (const us of marks.steps_us) {
      const x = scale.x(us);
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(x + 5, y + kBarPx / 2);
      context.lineTo(x, y + kBarPx);
      context.lineTo(x - 5, y + kBarPx / 2);
      context.fill();
    }
  }

  private paint_playhead(x: number): void {
    const { context } = this;
    this.line(x, kColors.now, 2, [], kAxisPx - 5);
    context.fillStyle = kColors.now;
    context.beginPath();
    context.moveTo(x - 6, kAxisPx - 9);
    context.lineTo(x + 6, kAxisPx - 9);
    context.lineTo(x, kAxisPx - 1);
    context.fill();
  }

  /** Never thinner than a pixel: a gap of a second is seen on a day. */
  private bar(from_us: number, to_us: number, y: number, height: number, fill: string | CanvasPattern): void {
    const left = Math.max(0, this.scale.x(from_us));
    const right = Math.min(this.scale.width_px, this.scale.x(to_us));
    if (right < 0 || left > this.scale.width_px || to_us <= from_us) return;
    this.context.fillStyle = fill;
    this.context.fillRect(left, y, Math.max(1, right - left), height);
  }

  private line(x: number, color: string, width: number, dash: number[], top: number): void {
    const { context } = this;
    context.strokeStyle = color;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(x, top);
    context.lineTo(x, this.height_px);
    context.stroke();
    context.setLineDash([]);
  }
}

/** What to fill a gap with, one over the other. */
export type GapPaint = Record<GapFamily, [string, CanvasPattern | string]>;

export function gap_paint(context: CanvasRenderingContext2D): GapPaint {
  const paint = ([ground, hatch]: [string, string]): [string, CanvasPattern | string] => [ground, make_hatch(context, hatch)];
  return { fault: paint(kGapColors.fault), quiet: paint(kGapColors.quiet), purged: paint(kGapColors.purged) };
}

function make_hatch(context: CanvasRenderingContext2D, color: string): CanvasPattern | string {
  const tile = document.createElement('canvas');
  tile.width = tile.height = 8;
  const pen = tile.getContext('2d')!;
  pen.strokeStyle = color;
  pen.lineWidth = 1.4;
  for (const shift of [-8, 0, 8]) {
    pen.moveTo(shift, 8);
    pen.lineTo(shift + 8, 0);
  }
  pen.stroke();
  return context.createPattern(tile, 'repeat') ?? color;
}
