import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CatalogueListing, Dataset, Variable } from '../../labextension/src/api';
import { queryFor } from '../../labextension/src/catalogue/query';
import { visibleRows, yearsOf } from '../../labextension/src/catalogue/rows';
import { Resource } from '../../labextension/src/model/resource';

function variable(
  name: string,
  role: Variable['role'],
  type = 'VARCHAR',
  codes: Record<string, string> = {}
): Variable {
  return { name, role, type, codes, label: '', unit: '' };
}

function dataset(name: string, topic: string, year: number, version: number, variables: Variable[]): Dataset {
  return {
    name,
    topic,
    title: topic,
    theme: 'Bevolking',
    year,
    version,
    rows: 10,
    period: String(year),
    population: '',
    unit: 'person',
    unit_key: [],
    max_rows_per_unit: 1,
    institution_key: null,
    rule_profile: 'default',
    bytes: 0,
    variables,
    newest: false
  };
}

const KEY = variable('RINPERSOON', 'identifier', 'VARCHAR', { '1': 'a', '2': 'b' });
const SEX = variable('GBAGESLACHT', 'quasi', 'VARCHAR', { '1': 'man', '2': 'vrouw' });
const COSTS = variable('ZVWKTOTAAL', 'measure', 'DOUBLE');

test('a first query aggregates and never groups by an identifier', () => {
  const query = queryFor(dataset('ZVW2023TABV1', 'ZVWTAB', 2023, 1, [KEY, SEX, COSTS]));
  assert.match(query, /^ws\.sql\("""\n/);
  assert.match(query, /SELECT GBAGESLACHT, count\(\*\) AS n, avg\(ZVWKTOTAAL\) AS mean_ZVWKTOTAAL/);
  assert.match(query, /FROM ZVW2023TABV1/);
  assert.match(query, /GROUP BY GBAGESLACHT/);
  assert.doesNotMatch(query, /RINPERSOON/);
});

test('costs are averaged although they are sensitive, numbers that are codes are not', () => {
  const costs = variable('ZVWKHUISARTS', 'sensitive', 'DOUBLE');
  const query = queryFor(dataset('ZVW2022TABV10', 'ZVWTAB', 2022, 10, [KEY, costs]));
  assert.match(query, /SELECT count\(\*\) AS n, avg\(ZVWKHUISARTS\) AS mean_ZVWKHUISARTS\n {4}FROM ZVW2022TABV10\n"/);
  const code = variable('INHP', 'sensitive', 'INTEGER', { '1': 'a', '2': 'b' });
  assert.match(queryFor(dataset('B', 'B', 2023, 1, [code, SEX])), /SELECT GBAGESLACHT, count\(\*\) AS n\n/);
  const span = variable('DUUR', 'measure', 'INTERVAL');
  assert.doesNotMatch(queryFor(dataset('C', 'C', 2023, 1, [span])), /avg/);
  const income = variable('INPBELI', 'measure', 'DECIMAL(18,2)');
  assert.match(queryFor(dataset('D', 'D', 2023, 1, [costs, income])), /avg\(INPBELI\)/);
});

test('without a coded variable or a measure it counts', () => {
  const query = queryFor(dataset('X2023TABV1', 'XTAB', 2023, 1, [KEY]));
  assert.match(query, /SELECT count\(\*\) AS n\n {4}FROM X2023TABV1\n"""/);
});

test('names that SQL would misread are quoted', () => {
  const odd = variable('code "x"', 'quasi', 'VARCHAR', { a: 'a', b: 'b' });
  assert.match(queryFor(dataset('A-1', 'A', 2023, 1, [odd])), /SELECT "code ""x""", count.*\n.*FROM "A-1"/);
});

test('the tree shows files newest first, V10 after V9, and variables once they have come', async () => {
  const files = [9, 10].map(version => dataset(`P2023TABV${version}`, 'PTAB', 2023, version, [SEX]));
  const old = dataset('P2019TABV1', 'PTAB', 2019, 1, [SEX]);
  const listing: CatalogueListing = {
    datasets: [old, ...files].map(file => ({ ...file, columns: file.variables.length })),
    topics: 1,
    query: ''
  };
  const resource = new Resource(() => Promise.resolve(files[1]));
  const rows = (open: string[]): string[] =>
    visibleRows(listing, new Set(open), () => resource).map(row => `${row.level} ${row.kind} ${row.name}`);

  assert.deepEqual(rows([]), ['1 theme Bevolking']);
  assert.deepEqual(rows(['theme/Bevolking', 'topic/PTAB']), [
    '1 theme Bevolking',
    '2 topic PTAB',
    '3 dataset P2023TABV10',
    '3 dataset P2023TABV9',
    '3 dataset P2019TABV1'
  ]);
  const open = ['theme/Bevolking', 'topic/PTAB', 'dataset/P2023TABV10'];
  assert.equal(rows(open)[3], '4 pending ');
  await resource.refresh();
  assert.equal(rows(open)[3], '4 variable GBAGESLACHT');
  assert.equal(yearsOf(listing.datasets), '2019–2023');
});
