import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator } from '@jupyterlab/translation';
import { GatewayClient } from '../api';
import { IWorkspaceModel } from '../tokens';
import { WorkspaceModel } from './workspace';

/**
 * Provides the model that all views share.
 */
export const modelPlugin: JupyterFrontEndPlugin<IWorkspaceModel> = {
  id: 'jupyter-cbs:model',
  description: 'The model of the CBS workspace, fed by the event stream.',
  autoStart: true,
  requires: [ITranslator],
  provides: IWorkspaceModel,
  activate: (app: JupyterFrontEnd, translator: ITranslator): IWorkspaceModel => {
    const client = new GatewayClient({ serverSettings: app.serviceManager.serverSettings, translator });
    const model = new WorkspaceModel({ client, events: app.serviceManager.events, translator });
    model.start();
    return model;
  }
};
