import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, showDialog } from '@jupyterlab/apputils';
import { URLExt } from '@jupyterlab/coreutils';
import type { ServerConnection } from '@jupyterlab/services';
import { ITranslator, type TranslationBundle } from '@jupyterlab/translation';
import { DOMAIN, IWorkspaceModel } from '../tokens';
import { asksAfterKernel, whyOver } from './over';

/**
 * Says that a log-in is over and where to log in again, so that nothing typed is lost; kernels, and what the panel shows, come back
 * afterwards by themselves.
 */
export const loginPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-cbs:login',
  description: 'Says that a log-in is over, and keeps the page and its kernels until the person is logged in again.',
  autoStart: true,
  requires: [ITranslator],
  optional: [IWorkspaceModel],
  activate: (app: JupyterFrontEnd, translator: ITranslator, model: IWorkspaceModel | null): void => {
    const trans = translator.load(DOMAIN);
    // one object that all of JupyterLab asks by
    const settings = app.serviceManager.serverSettings as {
      -readonly [K in keyof ServerConnection.ISettings]: ServerConnection.ISettings[K];
    };
    const ask = settings.fetch;
    let isTold = false;
    settings.fetch = async (input, init) => {
      const response = await ask.call(null, input, init);
      const reason = await whyOver(response);
      if (reason === null) {
        if (isTold && response.ok) {
          isTold = false;
          model?.refresh();
        }
        return response;
      }
      if (!isTold) {
        isTold = true;
        void tell(reason, settings.baseUrl, trans);
      }
      return input instanceof Request && asksAfterKernel(input) ? new Response(null, { status: 503 }) : response;
    };
  }
};

/** Show the reason, and open the log-in form beside this page, which keeps what was typed. */
async function tell(reason: string, baseUrl: string, trans: TranslationBundle): Promise<void> {
  const remedy = trans.__(
    'Log in in another tab. This page then goes on by itself within a minute; what was not saved is still here.'
  );
  const chosen = await showDialog({
    title: trans.__('You are logged out'),
    body: `${reason} ${remedy}`,
    buttons: [Dialog.cancelButton({ label: trans.__('Close') }), Dialog.okButton({ label: trans.__('Log in') })]
  });
  if (chosen.button.accept) {
    window.open(URLExt.join(baseUrl, 'login'), '_blank', 'noopener');
  }
}
