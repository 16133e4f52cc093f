import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
const panel: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-cbs:panel',
  description: 'The side panel of the CBS workspace.',
  autoStart: true,
  activate: (_app: JupyterFrontEnd): void => undefined
};
export default [panel];
