import { SidePanel } from '@jupyterlab/ui-components';
import type { ITranslator } from '@jupyterlab/translation';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Panel } from '@lumino/widgets';
import { speechOf, type ISpeech } from '../components/context';
import { workspaceIcon } from '../icons';
import type { IPanelSection, IWorkspaceModel, IWorkspacePanel } from '../tokens';
import { BannerWidget } from './banner';
import type { Folding } from './folding';
import { SectionWidget } from './section';

/**
 * The side panel: a banner for what blocks work, and the sections below one another in their natural height.
 */
export class WorkspacePanel extends SidePanel implements IWorkspacePanel {
  /**
   * Make the panel.
   *
   * @param options - The model, the translator and what remembers the folding.
   */
  constructor(options: WorkspacePanel.IOptions) {
    const content = new Panel();
    super({ content, translator: options.translator });
    this._options = options;
    this._speech = speechOf(options.translator);
    const { trans } = this._speech;
    this.id = 'jp-cbs-panel';
    this.addClass('jp-cbs-Panel');
    this.title.icon = workspaceIcon;
    this.title.caption = trans.__('CBS workspace');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('CBS workspace'));
    content.node.removeAttribute('role');
    content.node.removeAttribute('aria-label');
    content.addWidget(new BannerWidget(options.model, this._speech));
  }

  addSection(section: IPanelSection): IDisposable {
    const { model, folding } = this._options;
    const widget = new SectionWidget({ section, model, folding, speech: this._speech });
    const after = this._sections.findIndex(other => other.section.rank > section.rank);
    const index = after === -1 ? this._sections.length : after;
    this._sections.splice(index, 0, widget);
    // the banner is the first widget of the content
    this.content.insertWidget(index + 1, widget);
    return new DisposableDelegate(() => {
      this._sections.splice(this._sections.indexOf(widget), 1);
      widget.dispose();
    });
  }

  reveal(id: string): void {
    this._sections.find(widget => widget.section.id === id)?.reveal();
  }

  private readonly _options: WorkspacePanel.IOptions;
  private readonly _speech: ISpeech;
  private readonly _sections: SectionWidget[] = [];
}

/**
 * Statics of {@link WorkspacePanel}.
 */
export namespace WorkspacePanel {
  /** What the panel needs. */
  export interface IOptions {
    /** The workspace. */
    model: IWorkspaceModel;
    /** JupyterLab's translator. */
    translator: ITranslator;
    /** Remembers which sections are folded. */
    folding: Folding;
  }
}
