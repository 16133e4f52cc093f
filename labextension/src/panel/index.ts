import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator } from '@jupyterlab/translation';
import { workspaceIcon } from '../icons';
import { CommandIDs, DOMAIN, IWorkspaceModel, IWorkspacePanel } from '../tokens';
import { Folding } from './folding';
import { WorkspacePanel } from './panel';

/**
 * Adds the side panel and the command that opens it.
 */
export const panelPlugin: JupyterFrontEndPlugin<IWorkspacePanel> = {
  id: 'jupyter-cbs:panel',
  description: 'The side panel of the CBS workspace.',
  autoStart: true,
  requires: [IWorkspaceModel, ITranslator],
  optional: [ILayoutRestorer, ICommandPalette, IStateDB],
  provides: IWorkspacePanel,
  activate: (
    app: JupyterFrontEnd,
    model: IWorkspaceModel,
    translator: ITranslator,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    state: IStateDB | null
  ): IWorkspacePanel => {
    const trans = translator.load(DOMAIN);
    const panel = new WorkspacePanel({ model, translator, folding: new Folding(state) });
    app.shell.add(panel, 'left', { rank: 501, type: 'CBS workspace' });
    restorer?.add(panel, panel.id);

    app.commands.addCommand(CommandIDs.openPanel, {
      label: trans.__('Open the CBS workspace panel'),
      caption: trans.__('Project, storage, catalogue and export requests'),
      icon: workspaceIcon,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            section: {
              type: 'string',
              description: trans.__('Section to show: project, storage, catalogue, exports or policy')
            }
          }
        }
      },
      execute: args => {
        app.shell.activateById(panel.id);
        if (typeof args.section === 'string') {
          panel.reveal(args.section);
        }
      }
    });
    palette?.addItem({ command: CommandIDs.openPanel, category: trans.__('CBS') });
    return panel;
  }
};
