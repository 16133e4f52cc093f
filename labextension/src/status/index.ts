import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator } from '@jupyterlab/translation';
import { speechOf } from '../components/context';
import { CommandIDs, IWorkspaceModel } from '../tokens';
import { StatusWidget, UsageItem, WallsItem } from './view';

/**
 * Adds project, storage and walls to the status bar.
 */
export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-cbs:status',
  description: 'Project and role, use of storage, and whether the walls are in force, in the status bar.',
  autoStart: true,
  requires: [IWorkspaceModel, IStatusBar, ITranslator],
  activate: (app: JupyterFrontEnd, model: IWorkspaceModel, statusBar: IStatusBar, translator: ITranslator): void => {
    const speech = speechOf(translator);
    const open = (section: string): void => void app.commands.execute(CommandIDs.openPanel, { section });
    statusBar.registerStatusItem('jupyter-cbs:usage', {
      item: new StatusWidget({ model, speech, open, view: UsageItem }),
      align: 'left',
      rank: 100,
      priority: 1
    });
    statusBar.registerStatusItem('jupyter-cbs:walls', {
      item: new StatusWidget({ model, speech, open, view: WallsItem }),
      align: 'right',
      rank: 100,
      priority: 1
    });
  }
};
