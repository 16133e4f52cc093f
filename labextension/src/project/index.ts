import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator } from '@jupyterlab/translation';
import { createElement } from 'react';
import { DOMAIN, IWorkspaceModel, IWorkspacePanel } from '../tokens';
import { ProjectView } from './view';

/**
 * Adds the section *Project*.
 */
export const projectPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-cbs:project',
  description: 'The project, the person’s role in it and how long access lasts, in the side panel.',
  autoStart: true,
  requires: [IWorkspaceModel, IWorkspacePanel, ITranslator],
  activate: (_: JupyterFrontEnd, model: IWorkspaceModel, panel: IWorkspacePanel, translator: ITranslator): void => {
    const trans = translator.load(DOMAIN);
    panel.addSection({
      id: 'project',
      label: trans.__('Project'),
      rank: 10,
      render: () => createElement(ProjectView, { model })
    });
  }
};
