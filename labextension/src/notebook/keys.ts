/** The class that the export panel in a notebook's output carries. */
const EXPORT_PANEL = '.jp-cbs-ExportPanel';

/**
 * Leave plain keys to the export panel. JupyterLab takes the focus on a list or button in an output for the notebook's
 * command mode: arrows would move to another cell, Enter would edit it, and letters could delete it. Shortcuts with
 * Ctrl, Alt or the command key stay JupyterLab's.
 */
export function keepKeysInPanel(): void {
  // on the window, because JupyterLab itself listens on the document before anything below
  window.addEventListener(
    'keydown',
    event => {
      const { target } = event;
      if (target instanceof Element && target.closest(EXPORT_PANEL)) {
        // on the element itself: JupyterLab looks from the inside out, and its shortcuts fit whatever has the focus
        target.toggleAttribute('data-lm-suppress-shortcuts', !(event.ctrlKey || event.metaKey || event.altKey));
      }
    },
    true
  );
}
