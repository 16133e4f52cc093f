/** The classes that the export panel and the buttons of a table carry in a notebook's output. */
const OWN_KEYS = '.jp-cbs-ExportPanel, .jp-cbs-TableTools';

/**
 * Leave plain keys to our own controls in outputs. JupyterLab takes the focus on a list or button in an output for the notebook's
 * command mode: arrows would move to another cell, Enter would edit it, and letters could delete it. Shortcuts with
 * Ctrl, Alt or the command key stay JupyterLab's.
 */
export function keepKeysInOutputs(): void {
  // on the window, because JupyterLab itself listens on the document before anything below
  window.addEventListener(
    'keydown',
    event => {
      const { target } = event;
      if (target instanceof Element && target.closest(OWN_KEYS)) {
        // on the element itself: JupyterLab looks from the inside out, and its shortcuts fit whatever has the focus
        target.toggleAttribute('data-lm-suppress-shortcuts', !(event.ctrlKey || event.metaKey || event.altKey));
      }
    },
    true
  );
}
