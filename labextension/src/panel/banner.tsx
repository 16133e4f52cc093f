import { ReactWidget } from '@jupyterlab/ui-components';
import React from 'react';
import { Note } from '../components/basics';
import { SpeechProvider, useSpeech, type ISpeech } from '../components/context';
import { useSignal } from '../components/hooks';
import type { IWorkspaceModel } from '../tokens';

/**
 * Says once, above all sections, that the workspace is out of reach.
 */
export class BannerWidget extends ReactWidget {
  /**
   * Make the banner.
   *
   * @param model - The workspace.
   * @param speech - The reader's words.
   */
  constructor(model: IWorkspaceModel, speech: ISpeech) {
    super();
    this._model = model;
    this._speech = speech;
    this.addClass('jp-cbs-Banner');
  }

  protected render(): JSX.Element {
    return (
      <SpeechProvider value={this._speech}>
        <Banner model={this._model} />
      </SpeechProvider>
    );
  }

  private readonly _model: IWorkspaceModel;
  private readonly _speech: ISpeech;
}

function Banner(props: { model: IWorkspaceModel }): JSX.Element {
  const { trans } = useSpeech();
  useSignal(props.model.brokerChanged);
  // the live region is always there, so that its change is announced
  return (
    <div role="status">
      {props.model.broker === 'down' && (
        <Note tone="warn" sign="!">
          <p>
            <b>{trans.__('The workspace is out of reach.')}</b>{' '}
            {trans.__('Queries and exports wait; your files and notebooks are untouched.')}
          </p>
          <p>{trans.__('Nothing to do: this panel recovers by itself. What you see below is the last known state.')}</p>
        </Note>
      )}
    </div>
  );
}
