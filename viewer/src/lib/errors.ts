import { t } from '../i18n/index.svelte';
import { ApiError } from './api';

/** A sentence for people: what went wrong and what to do next. */
export function describe(error: unknown): string {
  if (!(error instanceof ApiError)) return t('server_said', { message: error instanceof Error ? error.message : String(error) });
  if (error.kind === 'network') return t('no_server');
  if (error.kind === 'too_many') return t('too_many', { s: error.retry_after_s ?? 60 });
  return t('server_said', { message: error.message });
}
