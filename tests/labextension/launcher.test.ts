import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ILauncher } from '@jupyterlab/launcher';
import { Signal } from '@lumino/signaling';
import { hideCards } from '../../labextension/src/launcher/cards';
import { Resource } from '../../labextension/src/model/resource';
import type { IWorkspaceModel } from '../../labextension/src/tokens';

const LAB = [
  'notebook:create-new',
  'console:create',
  'fileeditor:create-new',
  'fileeditor:create-new-markdown-file',
  'inspector:open'
];

/** What the launcher shows before and after the permissions are known, and how often it was drawn again. */
async function cards(allowed: Record<string, boolean>): Promise<{ before: string[]; after: string[]; drawn: number }> {
  const launcher = {
    items: () => LAB.map(command => ({ command }))[Symbol.iterator](),
    stateChanged: new Signal<unknown, void>({})
  } as unknown as ILauncher.IModel & { stateChanged: Signal<unknown, void> };
  const project = new Resource(() => Promise.resolve(allowed));
  const model = {
    project,
    permission: (action: string) => (project.value === null ? null : { action, allowed: allowed[action], reason: '' })
  } as unknown as IWorkspaceModel;
  let drawn = 0;
  launcher.stateChanged.connect(() => (drawn += 1));
  hideCards(launcher, model);
  const shown = (): string[] => [...launcher.items()].map(card => card.command);
  const before = shown();
  await project.refresh();
  await project.refresh();
  return { before, after: shown(), drawn };
}

test('cards that could only fail are left out once the permissions are known', async () => {
  const viewer = await cards({ open_session: false, write_workspace: false });
  assert.deepEqual(viewer, { before: LAB, after: ['inspector:open'], drawn: 1 });
});

test('a researcher keeps every card, and the launcher is not drawn again', async () => {
  const researcher = await cards({ open_session: true, write_workspace: true });
  assert.deepEqual(researcher, { before: LAB, after: LAB, drawn: 0 });
});

test('whoever may write but not compute keeps the editor', async () => {
  const writer = await cards({ open_session: false, write_workspace: true });
  assert.deepEqual(writer.after, ['fileeditor:create-new', 'fileeditor:create-new-markdown-file', 'inspector:open']);
});

test('another launcher is left alone', () => {
  const launcher = { add: () => ({}) } as unknown as ILauncher;
  hideCards(launcher, {} as IWorkspaceModel);
  assert.deepEqual(Object.keys(launcher), ['add']);
});
