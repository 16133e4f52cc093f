import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ITranslator } from '@jupyterlab/translation';
import type { GatewayEvent } from '../api';
import { CommandIDs, DOMAIN, IWorkspaceModel } from '../tokens';
import { tell } from './tell';

/** How long a notification stays on screen; it stays in the bell after that. */
const AUTO_CLOSE_MS = 10000;

/** The section of the panel where each topic is found. */
const SECTIONS: Record<GatewayEvent['topic'], string> = {
  project: 'project',
  catalogue: 'catalogue',
  quota: 'storage',
  exports: 'exports',
  policy: 'policy',
  broker: 'project'
};

/**
 * Shows what the broker has to say to this person; everything else only refreshes the views.
 */
export const notificationsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-cbs:notifications',
  description: 'Notifies of what needs this person, with a button that leads to it.',
  autoStart: true,
  requires: [IWorkspaceModel, ITranslator],
  activate: (app: JupyterFrontEnd, model: IWorkspaceModel, translator: ITranslator): void => {
    const trans = translator.load(DOMAIN);
    let outage: string | null = null;
    const notify = (_: IWorkspaceModel, change: GatewayEvent): void => {
      if (change.text === null) {
        return;
      }
      const section = SECTIONS[change.topic];
      const options: Notification.IOptions<null> = {
        // an error waits until it was read, or until it is over
        autoClose: change.level === 'error' ? false : AUTO_CLOSE_MS,
        actions: [
          {
            label: trans.__('Show'),
            caption: trans.__('Show it in the CBS workspace panel'),
            callback: () => void app.commands.execute(CommandIDs.openPanel, { section })
          }
        ]
      };
      if (change.topic !== 'broker') {
        tell(change.text, change.level, trans, options);
        return;
      }
      // one notification tells of an outage and of its end
      if (outage !== null && Notification.manager.has(outage)) {
        // updated it would keep the colour of its first level
        Notification.dismiss(outage);
        outage = tell(change.text, change.level, trans, options);
      } else if (change.id === 'down') {
        outage = tell(change.text, change.level, trans, options);
      }
      outage = change.id === 'down' ? outage : null;
    };
    model.changed.connect(notify);
  }
};
