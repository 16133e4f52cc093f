import { nullTranslator, type ITranslator, type TranslationBundle } from '@jupyterlab/translation';
import { DOMAIN } from '../tokens';

/** Marks messages for the catalogue; they are looked up later, with what stands in their places. */
const mark = { __: (id: string): string => id };

/** What JupyterLab puts around a refusal, and its Dutch language pack lacks. */
const AROUND_REFUSALS = new Set([
  mark.__('Are you sure you want to permanently delete: %1?'),
  mark.__('Always start the preferred kernel'),
  mark.__('Cancel'),
  mark.__('Cannot open'),
  mark.__('Cannot Save'),
  mark.__('Cannot upload file (>%1 MB). %2'),
  mark.__('Close'),
  mark.__('Could not find path: %1'),
  mark.__('Delete Failed'),
  mark.__('Directory not found'),
  mark.__('Directory not found: "%1"'),
  mark.__('Dismiss'),
  mark.__('Dismiss notification'),
  mark.__('Do not ask for rename on first save.'),
  mark.__('Do you want to restart the kernel of %1? All variables will be lost.'),
  mark.__('Document is read-only'),
  mark.__('Error'),
  mark.__('Error while copying/moving files'),
  mark.__('Move Error'),
  mark.__('No Kernel'),
  mark.__('Open Error'),
  mark.__('Overwrite Existing File'),
  mark.__('Paste Error'),
  mark.__('Rename and Save'),
  mark.__('Rename Error'),
  mark.__('Rename file'),
  mark.__('Restart'),
  mark.__('Restart Kernel?'),
  mark.__('Saving failed'),
  mark.__('Select'),
  mark.__('Select Kernel'),
  mark.__('Select kernel for: "%1"'),
  mark.__('Server unavailable or unreachable'),
  mark.__('Upload Error'),
  mark.__('Your changes were not saved.')
]);

/** Put into the places of a message, they leave it as it is. */
const PLACES = ['%1', '%2'];

/**
 * Say in the reader's language what JupyterLab puts around a refusal: titles and buttons that its language pack lacks, and
 * those of its parts that forget to hand a translator on.
 *
 * @param translator - JupyterLab's translator.
 */
export function completeJupyterLab(translator: ITranslator): void {
  complete(translator.load('jupyterlab'), translator.load(DOMAIN));
  nullTranslator.load = domain => translator.load(domain);
}

/** Have a bundle say in our words what it has none for. */
function complete(bundle: TranslationBundle, own: TranslationBundle): void {
  if (bundle === own) {
    // English: nothing is translated
    return;
  }
  const lookUp = bundle.dcnpgettext.bind(bundle);
  bundle.dcnpgettext = (domain, context, id, plural, n, ...args: unknown[]) => {
    // where the pack has nothing the message comes back as it is
    const missing = !plural && AROUND_REFUSALS.has(id) && lookUp(domain, context, id, '', n, ...PLACES) === id;
    return missing ? own.dcnpgettext('', '', id, '', n, ...args) : lookUp(domain, context, id, plural, n, ...args);
  };
}
