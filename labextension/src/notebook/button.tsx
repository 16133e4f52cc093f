import { ReactWidget } from '@jupyterlab/ui-components';
import React, { useId } from 'react';
import { SpeechProvider, useSpeech, type ISpeech } from '../components/context';
import { useResource } from '../components/hooks';
import { Explained } from '../components/tooltip';
import { exportIcon } from '../icons';
import type { IWorkspaceModel } from '../tokens';

/** What the button needs. */
interface IButtonOptions {
  /** Knows whether the person may export. */
  model: IWorkspaceModel;
  /** The reader's words. */
  speech: ISpeech;
  /** Opens the export panel. */
  onClick: () => void;
}

/**
 * The toolbar's button *Export*. JupyterLab's own button cannot be reached while it is disabled, and then cannot
 * say why; this one can.
 */
export class ExportButton extends ReactWidget {
  /**
   * Make the button.
   *
   * @param options - What it needs.
   */
  constructor(options: IButtonOptions) {
    super();
    this._options = options;
    this.addClass('jp-ToolbarButton');
    this.addClass('jp-cbs-ExportButton');
  }

  protected render(): JSX.Element {
    return (
      <SpeechProvider value={this._options.speech}>
        <Button {...this._options} />
      </SpeechProvider>
    );
  }

  private readonly _options: IButtonOptions;
}

function Button(props: IButtonOptions): JSX.Element {
  const { trans } = useSpeech();
  const id = useId();
  const { value, error } = useResource(props.model.project);
  const permission = props.model.permission('draft_export');
  const allowed = permission?.allowed ?? false;
  const why =
    permission?.reason ||
    (value !== null
      ? trans.__('You have no part in export requests.')
      : (error?.sentence ?? trans.__('Your permissions are loading.')));
  const caption = trans.__('Choose results, check them and propose them for export');
  const button = (
    <button
      type="button"
      className="jp-ToolbarButtonComponent jp-cbs-ToolbarButton"
      aria-disabled={!allowed}
      aria-describedby={allowed ? undefined : id}
      title={allowed ? caption : undefined}
      onClick={() => {
        if (allowed) {
          props.onClick();
        }
      }}
    >
      <exportIcon.react tag="span" />
      <span className="jp-ToolbarButtonComponent-label">{trans.__('Export')}</span>
    </button>
  );
  return allowed ? (
    button
  ) : (
    <Explained id={id} text={why}>
      {button}
    </Explained>
  );
}
