import type { TranslationBundle } from '@jupyterlab/translation';
import type { AreaUsage } from '../api';
import type { Locale } from '../locale';

/**
 * The name of a storage area.
 *
 * @param area - The area.
 * @param trans - Translates.
 */
export function areaName(area: AreaUsage['area'], trans: TranslationBundle): string {
  return area === 'shared' ? trans.__('Shared') : trans.__('Personal');
}

/**
 * The share of the limit that is used, or null when it was not measured.
 *
 * @param usage - Use of the area.
 */
export function usedShare(usage: AreaUsage): number | null {
  return usage.used_bytes === null ? null : usage.used_bytes / usage.limit_bytes;
}

/**
 * Used and limit in words, e.g. `91.4 GB of 100 GB`.
 *
 * @param usage - Use of the area.
 * @param trans - Translates.
 * @param locale - Writes the sizes.
 */
export function usedOfLimit(usage: AreaUsage, trans: TranslationBundle, locale: Locale): string {
  const limit = locale.size(usage.limit_bytes, usage.unit_bytes);
  return usage.used_bytes === null
    ? trans.__('not measured yet, limit %1', limit)
    : trans.__('%1 of %2', locale.size(usage.used_bytes, usage.unit_bytes), limit);
}
