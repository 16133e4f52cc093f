import type { CatalogueListing, Dataset, DatasetSummary, Variable } from '../api';
import type { Resource } from '../model/resource';

/** What a row of the tree stands for. */
export type RowKind = 'theme' | 'topic' | 'dataset' | 'variable' | 'pending' | 'failed';

/**
 * A visible row of the tree.
 */
export interface IRow {
  /** Stable name of the row. */
  readonly key: string;
  /** What it stands for. */
  readonly kind: RowKind;
  /** Name that is shown first. */
  readonly name: string;
  /** Depth, from 1. */
  readonly level: number;
  /** Place among its siblings, from 1. */
  readonly position: number;
  /** Number of siblings with itself. */
  readonly size: number;
  /** Whether it is open; null when it has nothing below it. */
  readonly expanded: boolean | null;
  /** Key of the row above it in the hierarchy. */
  readonly parent: string | null;
  /** The files of a topic, newest first. */
  readonly files: readonly DatasetSummary[];
  /** The file, for rows of files and below. */
  readonly dataset: DatasetSummary | null;
  /** The variable, for rows of variables. */
  readonly variable: Variable | null;
}

/**
 * The rows that are visible now, from top to bottom.
 *
 * @param listing - Granted data sets.
 * @param open - Keys of the rows that are open.
 * @param details - Gives a file's variables; called only for files that are open.
 */
export function visibleRows(
  listing: CatalogueListing,
  open: ReadonlySet<string>,
  details: (name: string) => Resource<Dataset>
): IRow[] {
  const rows: IRow[] = [];
  const add = (row: Partial<IRow> & Pick<IRow, 'key' | 'kind' | 'name' | 'level' | 'position' | 'size'>): boolean => {
    rows.push({ expanded: null, parent: null, files: [], dataset: null, variable: null, ...row });
    return row.expanded === true;
  };
  const themes = grouped(listing.datasets, file => file.theme);
  themes.forEach(([theme, inTheme], i) => {
    const themeKey = `theme/${theme}`;
    const shown = { key: themeKey, kind: 'theme', name: theme, level: 1, expanded: open.has(themeKey) } as const;
    if (!add({ ...shown, position: i + 1, size: themes.length, files: inTheme })) {
      return;
    }
    const topics = grouped(inTheme, file => file.topic);
    topics.forEach(([topic, inTopic], j) => {
      const topicKey = `topic/${topic}`;
      const files = [...inTopic].sort(newestFirst);
      const row = { key: topicKey, kind: 'topic', name: topic, level: 2, parent: themeKey, files } as const;
      if (!add({ ...row, expanded: open.has(topicKey), position: j + 1, size: topics.length })) {
        return;
      }
      files.forEach((dataset, k) => {
        const key = `dataset/${dataset.name}`;
        const expanded = open.has(key);
        const place = { level: 3, parent: topicKey, position: k + 1, size: files.length };
        if (add({ key, kind: 'dataset', name: dataset.name, expanded, dataset, ...place })) {
          addVariables(dataset, key, details(dataset.name), add);
        }
      });
    });
  });
  return rows;
}

/** Years a topic covers, e.g. `2019–2024`; empty when its files have none. */
export function yearsOf(files: readonly DatasetSummary[]): string {
  const years = files.map(file => file.year).filter((year): year is number => year !== null);
  if (years.length === 0) {
    return '';
  }
  const [first, last] = [Math.min(...years), Math.max(...years)];
  return first === last ? String(first) : `${first}–${last}`;
}

function addVariables(
  dataset: DatasetSummary,
  parent: string,
  resource: Resource<Dataset>,
  add: (row: Pick<IRow, 'key' | 'kind' | 'name' | 'level' | 'position' | 'size'> & Partial<IRow>) => boolean
): void {
  const variables = resource.value?.variables;
  if (!variables) {
    const failed = resource.error !== null;
    const name = resource.error?.sentence ?? '';
    const kind = failed ? 'failed' : 'pending';
    add({ key: `${parent}/state`, kind, name, level: 4, position: 1, size: 1, parent, dataset });
    return;
  }
  variables.forEach((variable, index) => {
    const place = { level: 4, position: index + 1, size: variables.length, parent };
    add({ key: `${parent}/${variable.name}`, kind: 'variable', name: variable.name, dataset, variable, ...place });
  });
}

function grouped<T>(items: readonly T[], by: (item: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(by(item));
    if (group) {
      group.push(item);
    } else {
      groups.set(by(item), [item]);
    }
  }
  return [...groups.entries()].sort(([a], [b]) => a.localeCompare(b));
}

function newestFirst(a: DatasetSummary, b: DatasetSummary): number {
  return (b.year ?? 0) - (a.year ?? 0) || (b.version ?? 0) - (a.version ?? 0) || a.name.localeCompare(b.name);
}
