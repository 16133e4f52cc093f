import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

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
 * Keeps the page where it is unless the person follows a link.
 *
 * An output of a cell that was run is put into the page as it is, and `<meta http-equiv="refresh">` in it would lead the whole page to
 * any address, with whatever the cell wrote into it. No content security policy forbids that.
 */
export const leavingPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-cbs:leaving',
  description: 'Keeps outputs from leading the page to another site.',
  autoStart: true,
  activate: (): void => {
    (window as INavigatingWindow).navigation?.addEventListener('navigate', event => {
      const { destination, userInitiated } = event as INavigateEvent;
      if (!userInitiated && event.cancelable && isElsewhere(destination.url, window.location.origin)) {
        event.preventDefault();
      }
    });
  }
};
