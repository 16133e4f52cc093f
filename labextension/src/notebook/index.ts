import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator } from '@jupyterlab/translation';
import { speechOf } from '../components/context';
import { exportIcon } from '../icons';
import { CommandIDs, DOMAIN, INotebookWriter, IWorkspaceModel } from '../tokens';
import { ExportButton } from './button';
import { KernelPermission } from './kernels';
import { keepKeysInOutputs } from './keys';
import { NotebookWriter } from './writer';

/**
 * Provides the writer of cells and the command that shows the export panel.
 */
export const notebookPlugin: JupyterFrontEndPlugin<INotebookWriter> = {
  id: 'jupyter-cbs:notebook-writer',
  description: 'Inserts cells that use the workspace, and opens the export panel in the notebook.',
  autoStart: true,
  requires: [IWorkspaceModel, INotebookTracker, ITranslator],
  optional: [ICommandPalette],
  provides: INotebookWriter,
  activate: (
    app: JupyterFrontEnd,
    model: IWorkspaceModel,
    tracker: INotebookTracker,
    translator: ITranslator,
    palette: ICommandPalette | null
  ): INotebookWriter => {
    const trans = translator.load(DOMAIN);
    const { commands, serviceManager } = app;
    const writer = new NotebookWriter({ commands, tracker, specs: serviceManager.kernelspecs, translator });
    commands.addCommand(CommandIDs.exportPanel, {
      label: trans.__('Export panel'),
      caption: () =>
        model.permission('draft_export')?.reason ||
        trans.__('Choose results, check them and propose them for export, in the notebook'),
      icon: exportIcon,
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => model.permission('draft_export')?.allowed ?? false,
      execute: () => writer.openExportPanel()
    });
    model.project.changed.connect(() => commands.notifyCommandChanged(CommandIDs.exportPanel));
    palette?.addItem({ command: CommandIDs.exportPanel, category: trans.__('CBS') });
    keepKeysInOutputs();
    app.docRegistry.addWidgetExtension('Notebook', new KernelPermission(model, trans));
    return writer;
  }
};

/**
 * Adds the button *Export* to the notebook's toolbar.
 */
export const toolbarPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-cbs:notebook',
  description: 'The button Export in the toolbar of notebooks.',
  autoStart: true,
  requires: [IWorkspaceModel, INotebookWriter, IToolbarWidgetRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    model: IWorkspaceModel,
    _: INotebookWriter,
    toolbars: IToolbarWidgetRegistry,
    translator: ITranslator
  ): void => {
    const speech = speechOf(translator);
    toolbars.addFactory<NotebookPanel>(
      'Notebook',
      'cbs-export',
      () => new ExportButton({ model, speech, onClick: () => void app.commands.execute(CommandIDs.exportPanel) })
    );
  }
};
