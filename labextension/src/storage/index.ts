import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator } from '@jupyterlab/translation';
import { createElement } from 'react';
import { DOMAIN, IWorkspaceModel, IWorkspacePanel } from '../tokens';
import { StorageAge, StorageView } from './view';

/**
 * Adds the section *Storage*.
 */
export const storagePlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-cbs:storage',
  description: 'Use of the shared and the personal area, in the side panel.',
  autoStart: true,
  requires: [IWorkspaceModel, IWorkspacePanel, ITranslator],
  activate: (_: JupyterFrontEnd, model: IWorkspaceModel, panel: IWorkspacePanel, translator: ITranslator): void => {
    const trans = translator.load(DOMAIN);
    panel.addSection({
      id: 'storage',
      label: trans.__('Storage'),
      rank: 20,
      render: () => createElement(StorageView, { model }),
      aside: () => createElement(StorageAge, { model }),
      isVisible: () => model.permission('read_quota')?.allowed ?? true
    });
  }
};
