import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Locale } from '../../labextension/src/locale';

const plain = (text: string): string => text.replace(/\u00a0/g, ' ');
const english = new Locale('en');
const dutch = new Locale('nl-NL');

test('a date carries its weekday and never shifts with the time zone', () => {
  assert.equal(english.day('2027-03-01'), 'Mon 1 Mar 2027');
  assert.match(dutch.day('2027-03-01'), /^ma 1 mrt\.? 2027$/);
});

test('the day before a date crosses months, years and the change of clocks', () => {
  assert.equal(english.dayBefore('2029-01-02'), 'Mon 1 Jan 2029');
  assert.equal(english.dayBefore('2029-01-01'), 'Sun 31 Dec 2028');
  assert.equal(english.dayBefore('2028-03-01'), 'Tue 29 Feb 2028');
  assert.equal(english.dayBefore('2027-03-29'), 'Sun 28 Mar 2027');
  assert.match(dutch.dayBefore('2029-01-02'), /^ma 1 jan\.? 2029$/);
});

test('amounts are written in the reader’s notation, cents only where there are any', () => {
  assert.equal(plain(english.euros(28000)), '€ 280');
  assert.equal(plain(english.euros(123450)), '€ 1,234.50');
  assert.equal(plain(dutch.euros(123450)), '€ 1.234,50');
});

test('a percentage is neither full nor empty before it is', () => {
  assert.equal(plain(english.percent(0)), '0 %');
  assert.equal(plain(english.percent(0.0001)), '< 1 %');
  assert.equal(plain(english.percent(0.914)), '91 %');
  assert.equal(plain(english.percent(0.9999)), '99 %');
  assert.equal(plain(english.percent(1)), '100 %');
  assert.equal(plain(english.percent(1.2)), '120 %');
});

test('sizes use the unit of the policy and a smaller one where it would read as zero', () => {
  assert.equal(plain(english.size(91_400_000_000)), '91.4 GB');
  assert.equal(plain(dutch.size(91_400_000_000)), '91,4 GB');
  assert.equal(plain(english.size(100e9)), '100 GB');
  assert.equal(plain(english.size(2 ** 30, 2 ** 30)), '1 GiB');
  assert.equal(plain(english.size(4_200)), '4.2 kB');
  assert.equal(plain(english.size(12_345)), '12.3 kB');
  assert.equal(plain(english.size(147_000)), '0.15 MB');
  assert.equal(plain(english.size(12)), '12 bytes');
  assert.equal(plain(english.size(0)), '0 bytes');
});

test('an age is “just now”, then minutes, hours, days', () => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  assert.equal(english.ago('2026-11-21T11:59:30Z', now), null);
  assert.equal(english.ago('2026-11-21T11:58:00Z', now), '2 minutes ago');
  assert.equal(dutch.ago('2026-11-21T11:10:00Z', now), '50 minuten geleden');
  assert.equal(english.ago('2026-11-21T09:00:00Z', now), '3 hours ago');
  assert.equal(english.ago('2026-11-18T12:00:00Z', now), '3 days ago');
  // a clock that is ahead must not make a measurement of the future
  assert.equal(english.ago('2026-11-21T12:05:00Z', now), null);
});
