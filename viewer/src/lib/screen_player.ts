import type { Piece } from './feeder';
import type { Fragment } from './fragment_index';
import { Player, type Plan } from './player';
import type { Rest } from './projector';
import { kMinute } from './time_format';

const kAheadShots = 24;
/** While panes wait for a picture; decoders give one out when they have seen a few more. */
const kAheadShotsHeld = 8;
const kKeep = 5 * kMinute;

/**
 * A workstation's screen is a step function: at every moment the newest shot at or before it. The video never plays; it is
 * put on the shot. Shots build on the shots before them, so all from the last key shot on are given to the browser.
 */
export class ScreenPlayer extends Player {
  /** Start of the shot that belongs to t, or null. */
  shot_us(t_us: number): number | null {
    return this.parts.facts.index.at(t_us)?.start_us ?? null;
  }

  protected plan(fragment: Fragment): Plan {
    const { index } = this.parts.facts;
    const shot = (piece: Fragment): Piece => ({ fragment: piece, form: 'shot', end_us: piece.end_us });
    const ahead: Piece[] = [];
    const most = this.parts.clock.held ? kAheadShotsHeld : kAheadShots;
    for (let next = index.next(fragment); next && ahead.length < most; next = index.next(next)) ahead.push(shot(next));
    return { needed: index.chain(fragment).map(shot), ahead, at_hand: [], keep_from_us: fragment.start_us - kKeep, keep_to_us: fragment.start_us + kKeep };
  }

  protected rest(plan: Plan): Rest {
    return this.front.feeder.rest_in(plan.needed[plan.needed.length - 1]!);
  }

  protected align(_t_us: number, plan: Plan): void {
    this.front.rest_at(this.rest(plan));
  }
}
