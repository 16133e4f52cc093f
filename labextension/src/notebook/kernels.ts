import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import type { IWorkspaceModel } from '../tokens';

/**
 * Opens notebooks without a kernel for a person who may not run code: JupyterLab would ask the server for one, show its
 * refusal as an error of the notebook, and trip over the session it did not get. Who runs a cell is told why it cannot be.
 */
export class KernelPermission {
  /**
   * Make the extension.
   *
   * @param model - Knows the permissions.
   * @param trans - Translates.
   */
  constructor(model: IWorkspaceModel, trans: TranslationBundle) {
    this._model = model;
    this._trans = trans;
  }

  /**
   * Ask for the permission before the notebook asks for its kernel, which it does once its content is there.
   *
   * @param panel - A notebook that was just made.
   */
  createNew(panel: NotebookPanel): IDisposable {
    const { sessionContext } = panel;
    const initialize = sessionContext.initialize.bind(sessionContext);
    const startKernel = sessionContext.startKernel.bind(sessionContext);
    sessionContext.initialize = async () => {
      await known(this._model);
      if (this._refusal() === null) {
        return initialize();
      }
      sessionContext.kernelPreference = { ...sessionContext.kernelPreference, canStart: false, shouldStart: false };
      // never ready, for who waits for that (the manager of widgets does) takes it that there is a kernel; nor is one to be chosen
      return false;
    };
    sessionContext.startKernel = async () => {
      const reason = this._refusal();
      if (reason === null) {
        return startKernel();
      }
      await showDialog({
        title: this._trans.__('No code runs here'),
        body: reason,
        buttons: [Dialog.okButton({ label: this._trans.__('Close') })]
      });
      // and no choice of a kernel is offered
      return false;
    };
    return new DisposableDelegate(() => {
      sessionContext.initialize = initialize;
      sessionContext.startKernel = startKernel;
    });
  }

  /** Why no kernel may be started; null when one may, or when nothing is known and the server will say. */
  private _refusal(): string | null {
    const permission = this._model.permission('open_session');
    return permission === null || permission.allowed ? null : permission.reason;
  }

  private readonly _model: IWorkspaceModel;
  private readonly _trans: TranslationBundle;
}

/** Wait until the project was fetched, or could not be. */
async function known(model: IWorkspaceModel): Promise<void> {
  const { project } = model;
  if (!project.isLoading) {
    return;
  }
  await new Promise<void>(resolve => {
    const settled = (): void => {
      if (!project.isLoading) {
        project.changed.disconnect(settled);
        resolve();
      }
    };
    project.changed.connect(settled);
  });
}
