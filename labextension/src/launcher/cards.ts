import type { ILauncher } from '@jupyterlab/launcher';
import type { Signal } from '@lumino/signaling';
import type { IWorkspaceModel } from '../tokens';

/** JupyterLab's own cards, and the permission without which they can only fail. */
const NEEDS: Record<string, string> = {
  'notebook:create-new': 'open_session',
  'console:create': 'open_session',
  'fileeditor:create-new': 'write_workspace',
  'fileeditor:create-new-markdown-file': 'write_workspace'
};

/** JupyterLab's launcher, which draws what {@link items} gives whenever {@link stateChanged} is emitted. */
type Cards = ILauncher & Pick<ILauncher.IModel, 'items'> & { readonly stateChanged: Signal<unknown, void> };

/**
 * Leave out JupyterLab's own cards for what this person may not do.
 *
 * A card of another plugin cannot be taken back, and the launcher shows no card as closed, so they are left out where
 * the launcher reads its list. While the permissions are not known everything is shown.
 *
 * @param launcher - The launcher; left alone when it is not JupyterLab's.
 * @param model - Knows the permissions.
 */
export function hideCards(launcher: ILauncher, model: IWorkspaceModel): void {
  if (!isModel(launcher)) {
    return;
  }
  const all = launcher.items.bind(launcher);
  const may = (action: string): boolean => model.permission(action)?.allowed ?? true;
  const isOpen = (card: ILauncher.IItemOptions): boolean => {
    const action = NEEDS[card.command];
    return action === undefined || may(action);
  };
  launcher.items = () => [...all()].filter(isOpen)[Symbol.iterator]();
  const actions = [...new Set(Object.values(NEEDS))];
  let shown = actions.filter(may).join();
  model.project.changed.connect(() => {
    // drawn again only when a card comes or goes
    const allowed = actions.filter(may).join();
    if (allowed !== shown) {
      shown = allowed;
      launcher.stateChanged.emit();
    }
  });
}

function isModel(launcher: ILauncher): launcher is Cards {
  return 'items' in launcher && 'stateChanged' in launcher;
}
