import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator } from '@jupyterlab/translation';
import { languageTag } from '../locale';
import { completeJupyterLab } from './jupyterlab';

/**
 * Has JupyterLab speak one language when something is refused: every request names the language JupyterLab is
 * shown in. A browser names its own, and the server's refusals of files and kernels would come in that one, amid a page in the other.
 */
export const languagePlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-cbs:language',
  description: 'Asks the server for its answers in the language of JupyterLab, and completes what surrounds them.',
  autoStart: true,
  requires: [ITranslator],
  activate: (app: JupyterFrontEnd, translator: ITranslator): void => {
    const { init } = app.serviceManager.serverSettings;
    completeJupyterLab(translator);
    init.headers = { ...init.headers, 'Accept-Language': languageTag(translator) };
  }
};
