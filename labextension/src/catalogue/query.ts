import type { Dataset, Variable } from '../api';

/** Types that can be averaged. */
const NUMERIC = /^(U?(TINY|SMALL|BIG|HUGE)?INT|U?INTEGER|DOUBLE|FLOAT|REAL|DECIMAL(\(.*\))?)$/i;

/** Most codes a variable may have to be a sensible row of a first table. */
const MAX_CATEGORIES = 40;

/**
 * A first query on a data set that says something of it and shows no single record.
 *
 * @param dataset - The data set with its variables.
 * @returns Python source for a cell: counts, and a mean where there is a measure, by one coded variable.
 */
export function queryFor(dataset: Dataset): string {
  const coded = dataset.variables.filter(
    variable => variable.role !== 'identifier' && isBetween(Object.keys(variable.codes).length, 2, MAX_CATEGORIES)
  );
  const dimension = coded.find(variable => variable.role === 'quasi') ?? coded[0];
  // costs and incomes are sensitive as well as measures; a number that stands for a code is neither
  const figures = dataset.variables.filter(
    variable => NUMERIC.test(variable.type) && Object.keys(variable.codes).length === 0
  );
  const measure =
    figures.find(variable => variable.role === 'measure') ?? figures.find(variable => variable.role === 'sensitive');
  const columns = [...(dimension ? [quoted(dimension.name)] : []), 'count(*) AS n', ...mean(measure)];
  const lines = [`SELECT ${columns.join(', ')}`, `FROM ${quoted(dataset.name)}`];
  if (dimension) {
    lines.push(`GROUP BY ${quoted(dimension.name)}`, 'ORDER BY n DESC', 'LIMIT 100');
  }
  return `ws.sql("""\n${lines.map(line => `    ${line}`).join('\n')}\n""")`;
}

function isBetween(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

function mean(measure: Variable | undefined): string[] {
  return measure ? [`avg(${quoted(measure.name)}) AS ${quoted(`mean_${measure.name}`)}`] : [];
}

/** A name as SQL reads it; plain names stay plain. */
function quoted(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `"${name.replace(/"/g, '""')}"`;
}
