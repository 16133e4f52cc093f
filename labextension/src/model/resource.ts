import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import { GatewayError } from '../api/error';

/**
 * One answer of the gateway and how it stands: never asked, loading, there, or failed.
 *
 * While a newer answer is fetched, and when fetching it fails, the last good value stays.
 */
export class Resource<T> implements IDisposable {
  /**
   * Make a resource; nothing is asked before {@link refresh}.
   *
   * @param fetch - Asks the gateway.
   */
  constructor(fetch: () => Promise<T>) {
    this._fetch = fetch;
  }

  /** The last good answer. */
  get value(): T | null {
    return this._value;
  }

  /** Why the last request failed, or null when it did not. */
  get error(): GatewayError | null {
    return this._error;
  }

  /** Whether the first answer is still being waited for. */
  get isLoading(): boolean {
    return this._value === null && this._error === null;
  }

  /** Emitted when value or error changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Whether the resource was disposed. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Whether it was asked for at least once. */
  get isWanted(): boolean {
    return this._isWanted;
  }

  /**
   * Ask again. Requests during a request become one request after it, so the last change is always seen.
   *
   * @returns A promise that resolves when the newest answer is in, failed or not.
   */
  refresh(): Promise<void> {
    this._isWanted = true;
    if (this._running) {
      this._again = true;
      return this._running;
    }
    this._running = this._run().finally(() => {
      this._running = null;
    });
    return this._running;
  }

  /**
   * Put an answer that came another way.
   *
   * @param value - The answer.
   */
  put(value: T): void {
    this._value = value;
    this._error = null;
    this._changed.emit();
  }

  /** Forget everything; views show a first load again. */
  clear(): void {
    this._value = null;
    this._error = null;
    this._changed.emit();
  }

  /** Stop; answers that are under way are dropped. */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  private async _run(): Promise<void> {
    do {
      this._again = false;
      let value: T | null = null;
      let error: GatewayError | null = null;
      try {
        value = await this._fetch();
      } catch (reason) {
        error =
          reason instanceof GatewayError
            ? reason
            : new GatewayError({ kind: 'Internal', code: 'internal', status: 500, message: String(reason) });
      }
      if (this._isDisposed) {
        return;
      }
      if (!this._again) {
        this._value = value ?? this._value;
        this._error = error;
        this._changed.emit();
      }
    } while (this._again);
  }

  private readonly _fetch: () => Promise<T>;
  private readonly _changed = new Signal<this, void>(this);
  private _value: T | null = null;
  private _error: GatewayError | null = null;
  private _running: Promise<void> | null = null;
  private _again = false;
  private _isDisposed = false;
  private _isWanted = false;
}
