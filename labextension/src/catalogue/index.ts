import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator } from '@jupyterlab/translation';
import { createElement } from 'react';
import { workspaceIcon } from '../icons';
import { tell } from '../notifications/tell';
import { CommandIDs, DOMAIN, INotebookWriter, IWorkspaceModel, IWorkspacePanel } from '../tokens';
import { queryFor } from './query';
import { CatalogueCount, CatalogueView } from './view';

/** Rows of the tree that stand for a data set. */
const DATASET_ROW = '.jp-cbs-TreeRow[data-dataset]';

/**
 * Adds the section *Catalogue* and the command that inserts a query.
 */
export const cataloguePlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-cbs:catalogue',
  description: 'Search and browse the granted data sets in the side panel, and insert a query on them.',
  autoStart: true,
  requires: [IWorkspaceModel, IWorkspacePanel, INotebookWriter, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    model: IWorkspaceModel,
    panel: IWorkspacePanel,
    writer: INotebookWriter,
    translator: ITranslator
  ): void => {
    const trans = translator.load(DOMAIN);

    /** The data set a command is about: its argument, or the row that was clicked. */
    const named = (args: { name?: unknown }): string | null => {
      if (typeof args.name === 'string') {
        return args.name;
      }
      return app.contextMenuHitTest(node => node.matches(DATASET_ROW))?.dataset.dataset ?? null;
    };

    app.commands.addCommand(CommandIDs.insertQuery, {
      label: trans.__('Insert query'),
      caption: () =>
        model.permission('query')?.reason || trans.__('Insert a query on this data set into the active notebook'),
      icon: workspaceIcon,
      describedBy: {
        args: {
          type: 'object',
          properties: { name: { type: 'string', description: trans.__('Name of the data set') } }
        }
      },
      isEnabled: () => model.permission('query')?.allowed ?? false,
      execute: async args => {
        const name = named(args);
        if (name === null) {
          return;
        }
        const resource = model.dataset(name);
        if (resource.value === null) {
          await resource.refresh();
        }
        if (resource.value) {
          await writer.insert(queryFor(resource.value));
        } else if (resource.error) {
          tell(resource.error.sentence, 'error', trans, { autoClose: false });
        }
      }
    });
    app.contextMenu.addItem({ command: CommandIDs.insertQuery, selector: DATASET_ROW, rank: 1 });

    panel.addSection({
      id: 'catalogue',
      label: trans.__('Catalogue'),
      rank: 30,
      render: () =>
        createElement(CatalogueView, {
          model,
          onInsert: (name: string) => void app.commands.execute(CommandIDs.insertQuery, { name })
        }),
      aside: () => createElement(CatalogueCount, { model }),
      isVisible: () => model.permission('read_catalogue')?.allowed ?? true
    });
  }
};
