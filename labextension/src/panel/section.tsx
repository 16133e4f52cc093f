import { ReactWidget } from '@jupyterlab/ui-components';
import { Signal } from '@lumino/signaling';
import React, { useState } from 'react';
import { SpeechProvider, type ISpeech } from '../components/context';
import { useResource } from '../components/hooks';
import type { IPanelSection, IWorkspaceModel } from '../tokens';
import type { Folding } from './folding';

/**
 * A section of the panel: a heading that folds its body.
 */
export class SectionWidget extends ReactWidget {
  /**
   * Make the section's widget.
   *
   * @param options - What it shows and what it needs for that.
   */
  constructor(options: SectionWidget.IOptions) {
    super();
    this._options = options;
    this.addClass('jp-cbs-Section');
    this.id = `jp-cbs-section-${options.section.id}`;
    options.folding.restored.connect(this._redraw, this);
  }

  /** The section that is shown. */
  get section(): IPanelSection {
    return this._options.section;
  }

  dispose(): void {
    // also ends what the widget listens to
    Signal.clearData(this);
    super.dispose();
  }

  /** Unfold the body and move the focus to the heading. */
  reveal(): void {
    this._options.folding.setFolded(this.section.id, false);
    this._redraw();
    void this.renderPromise?.then(() => {
      this.node.scrollIntoView({ block: 'nearest' });
      this.node.querySelector<HTMLElement>('.jp-cbs-Section-toggle')?.focus();
    });
  }

  protected render(): JSX.Element {
    return (
      <SpeechProvider value={this._options.speech}>
        <Section key={this._generation} {...this._options} bodyId={`${this.id}-body`} />
      </SpeechProvider>
    );
  }

  /** Start afresh, so that the folding is read again. */
  private _redraw(): void {
    this._generation += 1;
    this.update();
  }

  private readonly _options: SectionWidget.IOptions;
  private _generation = 0;
}

/**
 * Statics of {@link SectionWidget}.
 */
export namespace SectionWidget {
  /** What a section's widget needs. */
  export interface IOptions {
    /** What it shows. */
    section: IPanelSection;
    /** The model; a section may depend on the person's role. */
    model: IWorkspaceModel;
    /** The reader's words. */
    speech: ISpeech;
    /** Remembers the folding. */
    folding: Folding;
  }
}

function Section(props: SectionWidget.IOptions & { bodyId: string }): JSX.Element | null {
  const { section, folding, bodyId } = props;
  useResource(props.model.project);
  const [folded, setFolded] = useState(() => folding.isFolded(section.id));
  if (section.isVisible && !section.isVisible()) {
    return null;
  }
  const toggle = () => {
    folding.setFolded(section.id, !folded);
    setFolded(!folded);
  };
  return (
    <section aria-label={section.label}>
      <header className="jp-cbs-Section-header">
        <h2>
          <button
            type="button"
            className="jp-cbs-Section-toggle"
            aria-expanded={!folded}
            aria-controls={bodyId}
            onClick={toggle}
          >
            <span className="jp-cbs-Caret" aria-hidden="true" data-open={!folded} />
            {section.label}
          </button>
        </h2>
        {section.aside?.()}
      </header>
      <div id={bodyId} className="jp-cbs-Section-body" hidden={folded}>
        {!folded && section.render()}
      </div>
    </section>
  );
}
