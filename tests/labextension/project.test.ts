import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nullTranslator } from '@jupyterlab/translation';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import type { ProjectSummary } from '../../labextension/src/api';
import { SpeechProvider } from '../../labextension/src/components/context';
import { Locale } from '../../labextension/src/locale';
import { Resource } from '../../labextension/src/model/resource';
import { ProjectView } from '../../labextension/src/project/view';
import type { IWorkspaceModel } from '../../labextension/src/tokens';

const SUMMARY: ProjectSummary = {
  number: '9001',
  title: 'Care',
  institution: 'University',
  role: 'researcher',
  user: 'researcher',
  name: 'Ans',
  start: '2026-11-01',
  end: '2028-12-31',
  // Monday 1 January is a holiday, so the first day without access is the Tuesday
  access_until: '2029-01-02',
  days_left: 1,
  state: 'active',
  state_text: 'Access until and including 1 January 2029.',
  permissions: [],
  walls_in_force: true,
  walls_text: '',
  notice: null
};

async function shown(tag: string): Promise<string> {
  const project = new Resource(() => Promise.resolve(SUMMARY));
  await project.refresh();
  const speech = { trans: nullTranslator.load('jupyter_cbs'), locale: new Locale(tag) };
  const view = createElement(ProjectView, { model: { project } as unknown as IWorkspaceModel });
  return renderToStaticMarkup(createElement(SpeechProvider, { value: speech }, view)).replace(/<[^>]*>/g, ' ');
}

test('the last day with access is shown, and on that day one day is left', async () => {
  const english = await shown('en');
  assert.match(english, /Access until\s+Mon 1 Jan 2029 · 1 day left/);
  assert.doesNotMatch(english, /2 Jan/);
  assert.match(await shown('nl-NL'), /ma 1 jan\.? 2029/);
});
