import { LabIcon } from '@jupyterlab/ui-components';
import exportSvg from '../style/icons/export.svg';
import lockSvg from '../style/icons/lock.svg';
import workspaceSvg from '../style/icons/workspace.svg';

/** The workspace: a table behind a wall. */
export const workspaceIcon = new LabIcon({ name: 'jupyter-cbs:workspace', svgstr: workspaceSvg });

/** A result that leaves through the gate. */
export const exportIcon = new LabIcon({ name: 'jupyter-cbs:export', svgstr: exportSvg });

/** Nothing leaves from here. */
export const lockIcon = new LabIcon({ name: 'jupyter-cbs:lock', svgstr: lockSvg });
