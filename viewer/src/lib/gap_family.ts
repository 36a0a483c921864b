/**
 * What a gap means to whoever looks for trouble: `fault`, something failed; `quiet`, there was nothing to record; `purged`, footage
 * that was lawfully deleted. A cause that this page does not know is a fault.
 */
export type GapFamily = 'fault' | 'quiet' | 'purged';

const kQuiet = new Set(['not_yet_configured', 'screen_locked', 'no_session', 'workstation_asleep']);

export function family_of(cause: string): GapFamily {
  if (cause === 'purged') return 'purged';
  return kQuiet.has(cause) ? 'quiet' : 'fault';
}
