import type { TranslationBundle } from '@jupyterlab/translation';
import type { ExportAction, ExportState, FileReport, Finding, Status } from '../api';
import type { Tone } from '../components/basics';

/** Sign and tone of a state; its words come from the broker. */
export const STATE_SIGNS: Record<ExportState, { sign: string; tone: Tone }> = {
  draft: { sign: '○', tone: 'neutral' },
  proposed: { sign: '●', tone: 'warn' },
  submitted: { sign: '◐', tone: 'info' },
  cost_pending: { sign: '●', tone: 'warn' },
  in_review: { sign: '◐', tone: 'info' },
  changes_requested: { sign: '↺', tone: 'warn' },
  approved: { sign: '✓', tone: 'ok' },
  released: { sign: '✓', tone: 'ok' },
  rejected: { sign: '✕', tone: 'bad' },
  withdrawn: { sign: '–', tone: 'neutral' },
  recalled: { sign: '✕', tone: 'bad' }
};

/** Sign and tone of a verdict. */
export const STATUS_SIGNS: Record<Status, { sign: string; tone: Tone }> = {
  safe: { sign: '✓', tone: 'ok' },
  review: { sign: '?', tone: 'warn' },
  unsafe: { sign: '✕', tone: 'bad' },
  refused: { sign: '✕', tone: 'bad' }
};

/** States that never change again. */
export const FINAL_STATES: readonly ExportState[] = ['released', 'rejected', 'withdrawn', 'recalled'];

/**
 * The word for a verdict.
 *
 * @param status - The verdict.
 * @param trans - Translates.
 */
export function statusName(status: Status, trans: TranslationBundle): string {
  switch (status) {
    case 'safe':
      return trans.__('safe');
    case 'review':
      return trans.__('review');
    case 'unsafe':
      return trans.__('unsafe');
    case 'refused':
      return trans.__('refused');
  }
}

/**
 * What a step is called on its button.
 *
 * @param action - The step.
 * @param trans - Translates.
 */
export function actionName(action: ExportAction, trans: TranslationBundle): string {
  switch (action) {
    case 'edit':
      return trans.__('Edit');
    case 'propose':
      return trans.__('Propose to the leader');
    case 'return':
      return trans.__('Return');
    case 'submit':
      return trans.__('Submit');
    case 'withdraw':
      return trans.__('Withdraw');
    case 'approve':
      return trans.__('Approve');
    case 'reject':
      return trans.__('Reject');
  }
}

/**
 * The word for a class of output.
 *
 * @param name - `light`, `conform`, `non_conform` or `scripts`.
 * @param trans - Translates.
 */
export function className(name: string, trans: TranslationBundle): string {
  switch (name) {
    case 'light':
      return trans.__('light');
    case 'conform':
      return trans.__('conform');
    case 'non_conform':
      return trans.__('non-conform');
    case 'scripts':
      return trans.__('scripts');
    default:
      return name;
  }
}

/**
 * The word for what a table counts; one that the form does not offer stays as it was written.
 *
 * @param unit - `person`, `household`, `business` or `institution`.
 * @param trans - Translates.
 */
export function unitName(unit: string, trans: TranslationBundle): string {
  switch (unit) {
    case 'person':
      return trans.__('person');
    case 'household':
      return trans.__('household');
    case 'business':
      return trans.__('business');
    case 'institution':
      return trans.__('institution');
    default:
      return unit;
  }
}

/**
 * Where in a file a finding is, e.g. `sheet Wages, cell B7`; empty for the whole file.
 *
 * @param finding - The finding.
 * @param trans - Translates.
 */
export function placeOf(finding: Finding, trans: TranslationBundle): string {
  const { sheet, row, column, cell, line } = finding.where;
  const parts = [
    sheet !== null ? trans.__('sheet %1', sheet) : '',
    cell !== null ? trans.__('cell %1', cell) : '',
    row !== null && cell === null ? trans.__('row %1', String(row)) : '',
    column !== null && cell === null ? trans.__('column %1', column) : '',
    line !== null ? trans.__('line %1', String(line)) : ''
  ];
  return parts.filter(part => part !== '').join(', ');
}

/**
 * The findings of a file, worst first.
 *
 * @param file - The file's report.
 */
export function worstFirst(file: FileReport): Finding[] {
  const order: Status[] = ['refused', 'unsafe', 'review', 'safe'];
  return [...file.findings].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
}
