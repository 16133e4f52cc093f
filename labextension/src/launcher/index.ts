import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { ITranslator } from '@jupyterlab/translation';
import { notebookIcon } from '@jupyterlab/ui-components';
import { DisposableSet } from '@lumino/disposable';
import { hideCards } from './cards';
import { CommandIDs, DOMAIN, INotebookWriter, IWorkspaceModel, type Area } from '../tokens';

/**
 * Adds the cards of the launcher, and connected notebooks.
 */
export const launcherPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-cbs:launcher',
  description: 'Cards of the CBS workspace in the launcher, and the command that makes a connected notebook.',
  autoStart: true,
  requires: [IWorkspaceModel, INotebookWriter, ITranslator],
  optional: [ILauncher, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    model: IWorkspaceModel,
    writer: INotebookWriter,
    translator: ITranslator,
    launcher: ILauncher | null,
    palette: ICommandPalette | null
  ): void => {
    const trans = translator.load(DOMAIN);
    const category = trans.__('CBS');
    const areaOf = (args: { area?: unknown }): Area => (args.area === 'personal' ? 'personal' : 'shared');

    app.commands.addCommand(CommandIDs.newNotebook, {
      label: args =>
        areaOf(args) === 'personal' ? trans.__('New notebook in personal') : trans.__('New notebook in shared'),
      caption: args =>
        model.permission('write_workspace')?.reason ||
        (areaOf(args) === 'personal'
          ? trans.__('A connected notebook that only you see')
          : trans.__('A connected notebook that the whole project sees')),
      icon: notebookIcon,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            area: {
              type: 'string',
              enum: ['shared', 'personal'],
              description: trans.__('Where the notebook is kept')
            }
          }
        }
      },
      isEnabled: () => model.permission('write_workspace')?.allowed ?? false,
      execute: args => writer.create(areaOf(args))
    });
    for (const area of ['shared', 'personal']) {
      palette?.addItem({ command: CommandIDs.newNotebook, args: { area }, category });
    }

    if (launcher) {
      hideCards(launcher, model);
      launcher.add({ command: CommandIDs.openPanel, category, rank: 1, categoryRank: 0 });
      let tools: DisposableSet | null = null;
      // the launcher cannot show a closed card, so cards of tools come and go with the permission
      const offer = (): void => {
        const allowed = model.permission('write_workspace')?.allowed ?? false;
        if (allowed && tools === null) {
          tools = DisposableSet.from([
            launcher.add({ command: CommandIDs.newNotebook, args: { area: 'shared' }, category, rank: 2 }),
            launcher.add({ command: CommandIDs.newNotebook, args: { area: 'personal' }, category, rank: 3 }),
            launcher.add({ command: CommandIDs.exportPanel, category, rank: 4 })
          ]);
        } else if (!allowed && tools !== null) {
          tools.dispose();
          tools = null;
        }
        app.commands.notifyCommandChanged(CommandIDs.newNotebook);
      };
      model.project.changed.connect(offer);
      offer();
    }
  }
};
