import type { IStateDB } from '@jupyterlab/statedb';
import { Signal, type ISignal } from '@lumino/signaling';

const STATE_KEY = 'jupyter-cbs:panel';

/**
 * Remembers in JupyterLab's state database which sections are folded.
 */
export class Folding {
  /**
   * Make the memory. The database answers only after all plugins were activated, so nobody waits for it: sections
   * are open until it does.
   *
   * @param state - The database, if there is one.
   */
  constructor(state: IStateDB | null) {
    this._state = state;
    void this._restore();
  }

  /** Emitted when what was saved has come. */
  get restored(): ISignal<this, void> {
    return this._restored;
  }

  /**
   * Whether a section is folded.
   *
   * @param id - The section.
   */
  isFolded(id: string): boolean {
    return this._folded.has(id);
  }

  /**
   * Keep whether a section is folded.
   *
   * @param id - The section.
   * @param folded - Whether it is.
   */
  setFolded(id: string, folded: boolean): void {
    if (folded) {
      this._folded.add(id);
    } else {
      this._folded.delete(id);
    }
    // a lost layout is no reason to disturb anybody
    void this._state?.save(STATE_KEY, [...this._folded]).catch(() => undefined);
  }

  private async _restore(): Promise<void> {
    const saved: unknown = await this._state?.fetch(STATE_KEY).catch(() => undefined);
    if (Array.isArray(saved) && saved.length > 0) {
      saved.filter((id): id is string => typeof id === 'string').forEach(id => this._folded.add(id));
      this._restored.emit();
    }
  }

  private readonly _state: IStateDB | null;
  private readonly _folded = new Set<string>();
  private readonly _restored = new Signal<this, void>(this);
}
