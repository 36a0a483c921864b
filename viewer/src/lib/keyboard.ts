/** What a key asks the review desk to do. */
export type Action =
  | { do: 'toggle' } | { do: 'slower' } | { do: 'faster' }
  | { do: 'skip'; by_s: number }
  | { do: 'step'; direction: 1 | -1 } | { do: 'shot'; direction: 1 | -1 }
  | { do: 'called' } | { do: 'search' } | { do: 'help' }
  | { do: 'zoom'; direction: 1 | -1 | 0 };

/** The keys as they are shown in the list of shortcuts: keys, then the word of the dictionary. */
export const kShortcuts = [
  ['Space K', 'key_toggle'], ['J', 'key_slower'], ['L', 'key_faster'], ['← →', 'key_skip'], ['Shift ← →', 'key_skip_1'],
  ['Ctrl ← →', 'key_skip_60'], [', .', 'key_step'], ['; \'', 'key_shot'], ['C', 'key_called'], ['+ - 0', 'key_zoom'],
  ['/', 'key_search'], ['?', 'key_help'],
] as const;

const kPlain: Record<string, Action> = {
  Space: { do: 'toggle' },
  KeyK: { do: 'toggle' },
  KeyJ: { do: 'slower' },
  KeyL: { do: 'faster' },
  Comma: { do: 'step', direction: -1 },
  Period: { do: 'step', direction: 1 },
  Semicolon: { do: 'shot', direction: -1 },
  Quote: { do: 'shot', direction: 1 },
  KeyC: { do: 'called' },
  Slash: { do: 'search' },
  Equal: { do: 'zoom', direction: 1 },
  NumpadAdd: { do: 'zoom', direction: 1 },
  Minus: { do: 'zoom', direction: -1 },
  NumpadSubtract: { do: 'zoom', direction: -1 },
  Digit0: { do: 'zoom', direction: 0 },
  Numpad0: { do: 'zoom', direction: 0 },
};

type Key = Pick<KeyboardEvent, 'code' | 'isComposing' | 'ctrlKey' | 'shiftKey' | 'altKey' | 'metaKey'>;

/**
 * Reads places on the keyboard, not characters: with a Chinese input method on, the keys , . / arrive as ， 。 、.
 * Null: not ours.
 */
export function action_of(event: Key): Action | null {
  if (event.isComposing || event.altKey || event.metaKey) return null;
  if (event.code === 'ArrowLeft' || event.code === 'ArrowRight') {
    const length_s = event.ctrlKey ? 60 : event.shiftKey ? 1 : 5;
    return { do: 'skip', by_s: event.code === 'ArrowLeft' ? -length_s : length_s };
  }
  if (event.ctrlKey) return null;
  if (event.shiftKey) {
    if (event.code === 'Slash') return { do: 'help' };
    return event.code === 'Equal' ? { do: 'zoom', direction: 1 } : null;
  }
  return kPlain[event.code] ?? null;
}

/** Keys typed into a field are text; Space and Enter on a button or a link are theirs. */
export function is_for_control(target: EventTarget | null, code: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return true;
  return code === 'Space' && /^(BUTTON|A|SUMMARY)$/.test(target.tagName);
}
