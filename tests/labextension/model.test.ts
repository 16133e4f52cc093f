import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHANGE_SCHEMA, readChange } from '../../labextension/src/model/events';
import { Resource } from '../../labextension/src/model/resource';

test('requests during a request become one more, and only the last answer is shown', async () => {
  let asked = 0;
  const answers: (() => void)[] = [];
  const resource = new Resource(() => {
    asked += 1;
    const mine = asked;
    return new Promise<number>(resolve => answers.push(() => resolve(mine)));
  });
  const seen: (number | null)[] = [];
  resource.changed.connect(() => seen.push(resource.value));
  const done = resource.refresh();
  void resource.refresh();
  void resource.refresh();
  answers[0]();
  while (answers.length < 2) {
    await new Promise(resolve => setImmediate(resolve));
  }
  answers[1]();
  await done;
  assert.equal(asked, 2);
  assert.deepEqual(seen, [2]);
});

test('a failure keeps the last good value and says why', async () => {
  let fail = false;
  const resource = new Resource(() => (fail ? Promise.reject(new Error('no')) : Promise.resolve('good')));
  assert.equal(resource.isLoading, true);
  await resource.refresh();
  fail = true;
  await resource.refresh();
  assert.equal(resource.value, 'good');
  assert.match(resource.error?.message ?? '', /no/);
  fail = false;
  await resource.refresh();
  assert.equal(resource.error, null);
});

test('an answer that comes after disposal is dropped', async () => {
  const resource = new Resource(() => Promise.resolve(1));
  const running = resource.refresh();
  resource.dispose();
  await running;
  assert.equal(resource.value, null);
});

test('only our schema and known topics are read from the event stream', () => {
  const event = { schema_id: CHANGE_SCHEMA, topic: 'exports', id: 'e1', text: null, level: 'success' };
  assert.deepEqual(readChange(event, 'en'), { topic: 'exports', id: 'e1', text: null, level: 'success' });
  assert.equal(readChange({ ...event, schema_id: 'https://events.jupyter.org/x' }, 'en'), null);
  assert.equal(readChange({ ...event, topic: 'weather' }, 'en'), null);
  assert.equal(readChange({ ...event, level: 'shout' }, 'en')?.level, 'info');
  assert.equal(readChange({ ...event, text: { en: 'ready', nl: 'klaar' } }, 'nl-NL')?.text, 'klaar');
  assert.equal(readChange({ ...event, text: '' }, 'en')?.text, null);
});
