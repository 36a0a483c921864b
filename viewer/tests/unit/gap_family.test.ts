import { expect, test } from 'vitest';
import { family_of } from '../../src/lib/gap_family';

test('a locked screen is no fault; a cause of a newer server is', () => {
  expect(['screen_locked', 'camera_unreachable', 'purged', 'agent_stopped', 'of_tomorrow'].map(family_of)).toEqual(['quiet', 'fault', 'purged', 'fault', 'fault']);
});
