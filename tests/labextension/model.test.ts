import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event } from '@jupyterlab/services';
import type { ITranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import type { GatewayClient } from '../../labextension/src/api';
import { CHANGE_SCHEMA, readChange } from '../../labextension/src/model/events';
import { Resource } from '../../labextension/src/model/resource';
import { WorkspaceModel } from '../../labextension/src/model/workspace';

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

test('after lost events everything that is shown is asked for again', async () => {
  const asked: string[] = [];
  const answer =
    (name: string, value: unknown = {}) =>
    (): Promise<unknown> => {
      asked.push(name);
      return Promise.resolve(value);
    };
  const permissions = ['read_quota', 'read_catalogue', 'read_exports'].map(action => ({
    action,
    allowed: true,
    reason: null
  }));
  const client = {
    project: answer('project', { permissions }),
    quota: answer('quota'),
    catalogue: answer('catalogue'),
    exports: answer('exports'),
    policy: answer('policy'),
    exportRequest: answer('request')
  };
  const stream = new Signal<object, Event.Emission>({});
  const model = new WorkspaceModel({
    client: client as unknown as GatewayClient,
    events: { stream } as unknown as Event.IManager,
    translator: { languageCode: 'en' } as unknown as ITranslator
  });
  const settled = async (): Promise<string[]> => {
    await new Promise(resolve => setTimeout(resolve, 10));
    return asked.splice(0).sort();
  };
  model.start();
  model.request('e1');
  assert.deepEqual(await settled(), ['catalogue', 'exports', 'project', 'quota', 'request']);
  stream.emit({ schema_id: CHANGE_SCHEMA, topic: 'quota', id: null } as unknown as Event.Emission);
  assert.deepEqual(await settled(), ['quota'], 'an ordinary change names what is asked for');
  stream.emit({ schema_id: CHANGE_SCHEMA, topic: 'broker', id: 'resync' } as unknown as Event.Emission);
  assert.deepEqual(await settled(), ['catalogue', 'exports', 'project', 'quota', 'request']);
  model.dispose();
});
