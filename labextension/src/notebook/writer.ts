import type { CommandRegistry } from '@lumino/commands';
import type { ISessionContext } from '@jupyterlab/apputils';
import { type INotebookTracker, NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import type { ITranslator } from '@jupyterlab/translation';
import type { KernelSpec } from '@jupyterlab/services';
import { languageTag } from '../locale';
import type { Area, INotebookWriter } from '../tokens';

/** What connects a kernel to the workspace; a kernel does not know JupyterLab's language, so Dutch is named. */
function connecting(translator: ITranslator): string {
  const lang = languageTag(translator).startsWith('nl') ? '"nl"' : '';
  return `import jupyter_cbs as cbs\nws = cbs.connect(${lang})`;
}

/** What shows the export panel. */
const EXPORT_PANEL = 'ws.export_panel()';

/** The product's kernel. */
const KERNEL_NAME = 'cbs-python';

/**
 * Writes into notebooks through JupyterLab's own actions.
 */
export class NotebookWriter implements INotebookWriter {
  /**
   * Make a writer.
   *
   * @param options - The parts of JupyterLab it works with.
   */
  constructor(options: NotebookWriter.IOptions) {
    this._options = options;
    this._connect = connecting(options.translator);
  }

  async create(area: Area): Promise<void> {
    await this._create(area);
  }

  async insert(code: string): Promise<void> {
    const panel = this._current() ?? (await this._create('personal'));
    const source = hasConnect(panel) ? code : `${this._connect}\n\n${code}`;
    insertBelow(panel, source);
  }

  async openExportPanel(): Promise<void> {
    const panel = this._current() ?? (await this._create('shared'));
    await panel.sessionContext.ready;
    const { content } = panel;
    const existing = content.widgets.findIndex(
      cell => cell.model.type === 'code' && cell.model.sharedModel.getSource().includes(EXPORT_PANEL)
    );
    if (existing >= 0) {
      content.activeCellIndex = existing;
      const cell = content.widgets[existing];
      const source = cell.model.sharedModel.getSource();
      if (!source.includes('cbs.connect(') && !(await isConnected(panel.sessionContext))) {
        cell.model.sharedModel.setSource(`${this._connect}\n${source}`);
      }
    } else {
      const connected = await isConnected(panel.sessionContext);
      insertBelow(panel, connected ? EXPORT_PANEL : `${this._connect}\n${EXPORT_PANEL}`);
    }
    await content.scrollToItem(content.activeCellIndex, 'smart');
    await NotebookActions.run(content, panel.sessionContext, undefined, this._options.translator);
  }

  private _current(): NotebookPanel | null {
    const { tracker } = this._options;
    const panel = tracker.currentWidget;
    return panel && !panel.isDisposed && panel.context.isReady ? panel : null;
  }

  private async _create(area: Area): Promise<NotebookPanel> {
    const { commands, specs } = this._options;
    await specs.ready;
    const kernels = specs.specs?.kernelspecs ?? {};
    const kernelName = KERNEL_NAME in kernels ? KERNEL_NAME : specs.specs?.default;
    const panel: unknown = await commands.execute('notebook:create-new', { cwd: area, kernelName: kernelName ?? '' });
    if (!(panel instanceof NotebookPanel)) {
      throw new Error('JupyterLab made no notebook.');
    }
    await panel.context.ready;
    await panel.revealed;
    const { content } = panel;
    const first = content.widgets[0];
    if (first && first.model.sharedModel.getSource() === '') {
      first.model.sharedModel.setSource(this._connect);
    } else {
      NotebookActions.insertAbove(content);
      content.activeCell?.model.sharedModel.setSource(this._connect);
    }
    return panel;
  }

  private readonly _options: NotebookWriter.IOptions;
  private readonly _connect: string;
}

/**
 * Statics of {@link NotebookWriter}.
 */
export namespace NotebookWriter {
  /** The parts of JupyterLab the writer works with. */
  export interface IOptions {
    /** Commands of the application. */
    commands: CommandRegistry;
    /** Knows the active notebook. */
    tracker: INotebookTracker;
    /** Knows the kernels there are. */
    specs: KernelSpec.IManager;
    /** JupyterLab's translator. */
    translator: ITranslator;
  }
}

/** Insert a code cell below the active one and make it active. */
function insertBelow(panel: NotebookPanel, source: string): void {
  const { content } = panel;
  const active = content.activeCell;
  if (active?.model.type === 'code' && active.model.sharedModel.getSource().trim() === '') {
    // an empty cell is where the person wants it
    active.model.sharedModel.setSource(source);
  } else {
    NotebookActions.insertBelow(content);
    content.activeCell?.model.sharedModel.setSource(source);
  }
  content.mode = 'command';
  void content.scrollToItem(content.activeCellIndex, 'smart');
  content.activate();
}

/** Whether some cell of the notebook connects. */
function hasConnect(panel: NotebookPanel): boolean {
  return panel.content.widgets.some(cell => cell.model.sharedModel.getSource().includes('cbs.connect('));
}

/**
 * Whether the kernel has a connected `ws` now. A busy kernel would answer too late, so for it the answer is no:
 * connecting twice does no harm.
 */
async function isConnected(session: ISessionContext): Promise<boolean> {
  const kernel = session.session?.kernel;
  if (!kernel || kernel.status !== 'idle') {
    return false;
  }
  const future = kernel.requestExecute(
    {
      code: '',
      silent: true,
      store_history: false,
      user_expressions: { connected: "type(globals().get('ws')).__module__.startswith('jupyter_cbs.')" }
    },
    true
  );
  const reply = await future.done;
  if (reply.content.status !== 'ok') {
    return false;
  }
  const answer = reply.content.user_expressions.connected as { data?: Record<string, unknown> } | undefined;
  return answer?.data?.['text/plain'] === 'True';
}
