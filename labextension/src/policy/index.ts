import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator } from '@jupyterlab/translation';
import { createElement } from 'react';
import { DOMAIN, IWorkspaceModel, IWorkspacePanel } from '../tokens';
import { PolicyCount, PolicyView } from './view';

/**
 * Adds the section *Admin* for those who may read the policy.
 */
export const policyPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-cbs:policy',
  description: 'For admins: which policy is in force, and why a newer one was refused.',
  autoStart: true,
  requires: [IWorkspaceModel, IWorkspacePanel, ITranslator],
  activate: (_: JupyterFrontEnd, model: IWorkspaceModel, panel: IWorkspacePanel, translator: ITranslator): void => {
    const trans = translator.load(DOMAIN);
    panel.addSection({
      id: 'policy',
      label: trans.__('Admin'),
      rank: 50,
      render: () => createElement(PolicyView, { model }),
      aside: () => createElement(PolicyCount, { model }),
      isVisible: () => model.project.value?.role === 'admin'
    });
  }
};
