/**
 * The JupyterLab extension of jupyter_cbs: one plugin per feature, all views of one model.
 */
import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { cataloguePlugin } from './catalogue';
import { exportsPlugin } from './exports';
import { fileBrowserPlugin } from './filebrowser';
import { languagePlugin } from './language';
import { launcherPlugin } from './launcher';
import { leavingPlugin } from './leaving';
import { loginPlugin } from './login';
import { modelPlugin } from './model';
import { notebookPlugin, toolbarPlugin } from './notebook';
import { notificationsPlugin } from './notifications';
import { outputsPlugin } from './outputs';
import { panelPlugin } from './panel';
import { policyPlugin } from './policy';
import { projectPlugin } from './project';
import { statusPlugin } from './status';
import { storagePlugin } from './storage';

export * from './tokens';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  languagePlugin,
  leavingPlugin,
  loginPlugin,
  outputsPlugin,
  modelPlugin,
  panelPlugin,
  projectPlugin,
  storagePlugin,
  cataloguePlugin,
  exportsPlugin,
  policyPlugin,
  statusPlugin,
  launcherPlugin,
  notebookPlugin,
  toolbarPlugin,
  fileBrowserPlugin,
  notificationsPlugin
];

export default plugins;
