import { kAxisPx, kLanePx, type Timeline } from './timeline';

export interface TimelineListener {
  /** One click: exactly there. */
  on_seek(us: number): void;
  /** Dragged to there, not yet let go. */
  on_scrub(us: number): void;
  on_scrub_end(): void;
  /** The pointer is over that moment, `lane` lanes down; null: it left. */
  on_hover(at: { us: number; x: number; lane: number } | null): void;
}

const kDragPx = 3;
const kZoomPerPixel = 0.0022;

/**
 * Pointer and wheel on the timeline: dragging in the lanes moves the clock, dragging in the axis moves the view, the wheel
 * zooms about the pointer (with Shift, or sideways, it moves the view). At most one scrub per picture of the display:
 * the last position wins. Returns how to stop.
 */
export function listen(canvas: HTMLCanvasElement, timeline: Timeline, listener: TimelineListener): () => void {
  let dragging: 'click' | 'clock' | 'view' | null = null;
  let last_x = 0;
  let pending: number | null = null;
  const place = (event: MouseEvent) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const flush = () => {
    if (pending === null) return;
    const us = pending;
    pending = null;
    listener.on_scrub(us);
  };
  const scrub_to = (x: number) => {
    if (pending === null) requestAnimationFrame(flush);
    pending = timeline.scale.us(Math.max(0, Math.min(timeline.scale.width_px, x)));
  };
  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const { x, y } = place(event);
    canvas.setPointerCapture(event.pointerId);
    dragging = y < kAxisPx - 8 ? 'view' : 'click';
    last_x = x;
  };
  const move = (event: PointerEvent) => {
    const { x, y } = place(event);
    listener.on_hover({ us: timeline.scale.us(x), x, lane: Math.floor((y - kAxisPx) / kLanePx) });
    if (dragging === 'click' && Math.abs(x - last_x) < kDragPx) return;
    if (dragging === 'click') dragging = 'clock';
    if (dragging === 'clock') scrub_to(x);
    else if (dragging === 'view') timeline.scale = timeline.scale.panned(last_x - x);
    last_x = x;
  };
  const up = (event: PointerEvent) => {
    if (dragging === 'click') listener.on_seek(timeline.scale.us(place(event).x));
    if (dragging === 'clock') {
      flush();
      listener.on_scrub_end();
    }
    dragging = null;
  };
  const leave = () => listener.on_hover(null);
  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) timeline.scale = timeline.scale.panned(sideways);
    else timeline.scale = timeline.scale.zoomed(Math.exp(-event.deltaY * kZoomPerPixel), place(event).x);
  };
  const handlers = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: up, pointerleave: leave } as const;
  for (const [type, handler] of Object.entries(handlers)) canvas.addEventListener(type, handler as EventListener);
  canvas.addEventListener('wheel', wheel, { passive: false });
  return () => {
    for (const [type, handler] of Object.entries(handlers)) canvas.removeEventListener(type, handler as EventListener);
    canvas.removeEventListener('wheel', wheel);
  };
}
