import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator } from '@jupyterlab/translation';
import { createElement } from 'react';
import { CommandIDs, DOMAIN, IWorkspaceModel, IWorkspacePanel } from '../tokens';
import { ExportsCount, ExportsView } from './view';

/**
 * Adds the section *Exports*.
 */
export const exportsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-cbs:exports',
  description: 'Export requests in the side panel: their state, what was found, and the steps this person may take.',
  autoStart: true,
  requires: [IWorkspaceModel, IWorkspacePanel, ITranslator],
  activate: (app: JupyterFrontEnd, model: IWorkspaceModel, panel: IWorkspacePanel, translator: ITranslator): void => {
    const trans = translator.load(DOMAIN);
    panel.addSection({
      id: 'exports',
      label: trans.__('Exports'),
      rank: 40,
      render: () =>
        createElement(ExportsView, { model, onStart: () => void app.commands.execute(CommandIDs.exportPanel) }),
      aside: () => createElement(ExportsCount, { model }),
      isVisible: () => model.permission('read_exports')?.allowed ?? true
    });
  }
};
