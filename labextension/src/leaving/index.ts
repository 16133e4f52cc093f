import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

/** What is used of the browser's Navigation API; TypeScript's library does not describe it yet. */
interface INavigateEvent extends Event {
  readonly destination: { readonly url: string };
  readonly userInitiated: boolean;
}

/** The `navigation` object of windows that have one. */
interface INavigatingWindow {
  readonly navigation?: EventTarget;
}

/**
 * Whether an address is of another origin than the page; addresses without one, e.g. `data:`, are.
 *
 * @param address - Where the page would go.
 * @param origin - The origin of the page.
 */
export function isElsewhere(address: string, origin: string): boolean {
  return new URL(address, origin).origin !== origin;
}

/**
 * Keeps the page where it is unless the person follows a link, and commands to menus, buttons and keys of JupyterLab itself.
 *
 * An output of a cell that was run is put into the page as it is, and `<meta http-equiv="refresh">` in it would lead the whole page to
 * any address, with whatever the cell wrote into it. No content security policy forbids that. And `data-commandlinker-command` in an
 * output would make any command of JupyterLab of what looks like a harmless button.
 */
export const leavingPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-cbs:leaving',
  description: 'Keeps outputs from leading the page to another site and from running commands.',
  autoStart: true,
  activate: (app: JupyterFrontEnd): void => {
    app.commandLinker.dispose();
    (window as INavigatingWindow).navigation?.addEventListener('navigate', event => {
      const { destination, userInitiated } = event as INavigateEvent;
      if (!userInitiated && event.cancelable && isElsewhere(destination.url, window.location.origin)) {
        event.preventDefault();
      }
    });
  }
};
