import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import type { FileBrowser } from '@jupyterlab/filebrowser';
import { ITranslator } from '@jupyterlab/translation';
import { ToolbarButton } from '@jupyterlab/ui-components';
import { lockIcon } from '../icons';
import { CommandIDs, DOMAIN } from '../tokens';

/**
 * Puts a lock in the file browser's toolbar that says why nothing can be downloaded.
 */
export const fileBrowserPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-cbs:filebrowser',
  description: 'A lock in the file browser that explains why files stay here and how results leave.',
  autoStart: true,
  requires: [IToolbarWidgetRegistry, ITranslator],
  activate: (app: JupyterFrontEnd, toolbars: IToolbarWidgetRegistry, translator: ITranslator): void => {
    const trans = translator.load(DOMAIN);
    toolbars.addFactory<FileBrowser>(
      'FileBrowser',
      'cbs-lock',
      () =>
        new ToolbarButton({
          icon: lockIcon,
          tooltip: trans.__(
            'Files stay in this workspace: nothing is downloaded or uploaded here. Results leave by an export request.'
          ),
          onClick: () => void app.commands.execute(CommandIDs.openPanel, { section: 'exports' })
        })
    );
  }
};
