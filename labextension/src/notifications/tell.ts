import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { headline } from './headline';

/** What a notification tells of beside its words. */
type Options = Pick<Notification.IOptions<null>, 'autoClose' | 'actions'>;

/**
 * Show a notification. A text that JupyterLab would cut off, mostly in the midst of what to do, gets a button that shows all of it.
 *
 * @param text - What happened, why, and what to do.
 * @param level - How serious it is.
 * @param trans - Translates.
 * @param options - Whether it closes by itself, and further buttons.
 * @returns The notification's id.
 */
export function tell(
  text: string,
  level: Notification.TypeOptions,
  trans: TranslationBundle,
  options: Options = {}
): string {
  const head = headline(text);
  const whole: Notification.IAction = {
    label: trans.__('Read all'),
    callback: () =>
      void showDialog({
        title: trans.__('Message of the workspace'),
        body: text,
        buttons: [Dialog.okButton({ label: trans.__('Close') })]
      })
  };
  const actions = options.actions ?? [];
  return Notification.emit(head, level, { ...options, actions: head === text ? actions : [whole, ...actions] });
}
