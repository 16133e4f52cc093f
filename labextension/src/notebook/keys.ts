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
      const panel = event.target instanceof Element ? event.target.closest(EXPORT_PANEL) : null;
      panel?.toggleAttribute('data-lm-suppress-shortcuts', !(event.ctrlKey || event.metaKey || event.altKey));
    },
    true
  );
}
