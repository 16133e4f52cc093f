import type { Event } from '@jupyterlab/services';
import type { ITranslator } from '@jupyterlab/translation';
import { Poll } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import {
  GatewayError,
  type CatalogueListing,
  type Dataset,
  type ExportAction,
  type ExportList,
  type ExportRequest,
  type ExportStep,
  type GatewayClient,
  type GatewayEvent,
  type Permission,
  type PolicyStatus,
  type ProjectSummary,
  type QuotaStatus
} from '../api';
import { languageTag } from '../locale';
import type { BrokerState, IWorkspaceModel } from '../tokens';
import { readChange } from './events';
import { Resource } from './resource';

/**
 * The workspace in the browser: fetches each thing once, and again when the event stream names it.
 */
export class WorkspaceModel implements IWorkspaceModel {
  /**
   * Make the model and start to listen; call {@link start} to fetch.
   *
   * @param options - Client, event stream and translator.
   */
  constructor(options: WorkspaceModel.IOptions) {
    this._client = options.client;
    this._translator = options.translator;
    this.project = new Resource(() => this._watch(this._client.project()));
    this.quota = new Resource(() => this._watch(this._client.quota()));
    this.catalogue = new Resource(() => this._watch(this._client.catalogue(this._query)));
    this.exports = new Resource(() => this._watch(this._client.exports()));
    this.policy = new Resource(() => this._watch(this._client.policy()));
    this.project.changed.connect(this._onProject, this);
    this._events = options.events;
    this._events.stream.connect(this._onEmission, this);
    // Not a poll of the state: only while nobody answers, to find out when somebody does.
    this._reconnect = new Poll({
      auto: false,
      name: 'jupyter-cbs:reconnect',
      factory: () => this._watch(this._client.health()),
      frequency: { interval: 2000, backoff: 1.5, max: 30000 },
      standby: 'when-hidden'
    });
  }

  readonly project: Resource<ProjectSummary>;
  readonly quota: Resource<QuotaStatus>;
  readonly catalogue: Resource<CatalogueListing>;
  readonly exports: Resource<ExportList>;
  readonly policy: Resource<PolicyStatus>;

  get broker(): BrokerState {
    return this._broker;
  }

  get brokerChanged(): ISignal<IWorkspaceModel, BrokerState> {
    return this._brokerChanged;
  }

  get changed(): ISignal<IWorkspaceModel, GatewayEvent> {
    return this._changed;
  }

  get query(): string {
    return this._query;
  }
  set query(value: string) {
    if (value !== this._query) {
      this._query = value;
      void this.catalogue.refresh();
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Fetch the project, and then what its permissions let the person read. */
  start(): void {
    void this.project.refresh();
  }

  permission(action: string): Permission | null {
    return this.project.value?.permissions.find(permission => permission.action === action) ?? null;
  }

  dataset(name: string): Resource<Dataset> {
    return this._detail(this._datasets, name, () => this._client.dataset(name));
  }

  request(id: string): Resource<ExportRequest> {
    return this._detail(this._requests, id, () => this._client.exportRequest(id));
  }

  async act(id: string, action: ExportAction, step: ExportStep): Promise<ExportRequest> {
    try {
      const request = await this._watch(this._client.act(id, action, step));
      this.request(id).put(request);
      return request;
    } finally {
      // also after a refusal: somebody else may have been first
      void this.exports.refresh();
      void this.request(id).refresh();
    }
  }

  async measureStorage(): Promise<void> {
    this.quota.put(await this._watch(this._client.measureQuota()));
  }

  refresh(): void {
    this._all().forEach(resource => this._again(resource));
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._events.stream.disconnect(this._onEmission, this);
    this._reconnect.dispose();
    for (const resource of this._all()) {
      resource.dispose();
    }
    Signal.clearData(this);
  }

  private _detail<T>(kept: Map<string, Resource<T>>, key: string, fetch: () => Promise<T>): Resource<T> {
    let resource = kept.get(key);
    if (!resource) {
      resource = new Resource(() => this._watch(fetch()));
      kept.set(key, resource);
      void resource.refresh();
    }
    return resource;
  }

  private _all(): Resource<unknown>[] {
    const fixed = [this.project, this.quota, this.catalogue, this.exports, this.policy];
    return [...fixed, ...this._datasets.values(), ...this._requests.values()] as Resource<unknown>[];
  }

  /** Learn from every answer whether the broker is there. */
  private async _watch<T>(answer: Promise<T>): Promise<T> {
    try {
      const value = await answer;
      this._setBroker('up');
      return value;
    } catch (error) {
      this._setBroker(error instanceof GatewayError && error.isUnreachable ? 'down' : 'up');
      throw error;
    }
  }

  private _setBroker(state: BrokerState): void {
    if (this._isDisposed || state === this._broker) {
      return;
    }
    const before = this._broker;
    this._broker = state;
    if (state === 'down') {
      void this._reconnect.start();
    } else {
      void this._reconnect.stop();
      if (before === 'down') {
        this.refresh();
      }
    }
    this._brokerChanged.emit(state);
  }

  /** Ask for what may be read and was not asked for yet; what would be refused is not asked for. */
  private _onProject(): void {
    const unknown = this.project.value === null;
    const rooms: [string, Resource<unknown>][] = [
      ['read_quota', this.quota],
      ['read_catalogue', this.catalogue],
      ['read_exports', this.exports],
      ['read_policy', this.policy]
    ];
    for (const [action, resource] of rooms) {
      // without the project's answer every section has to say for itself why it is empty
      const may = unknown ? action !== 'read_policy' : this.permission(action)?.allowed;
      if (may && !resource.isWanted) {
        void resource.refresh();
      }
    }
  }

  private _again(resource: Resource<unknown>): void {
    if (resource.isWanted) {
      void resource.refresh();
    }
  }

  private _onEmission(_: Event.IManager, emission: Event.Emission): void {
    const change = readChange(emission, languageTag(this._translator));
    if (change) {
      this._follow(change);
      this._changed.emit(change);
    }
  }

  /** Fetch again what a change names. */
  private _follow(change: GatewayEvent): void {
    switch (change.topic) {
      case 'project':
        void this.project.refresh();
        break;
      case 'quota':
        this._again(this.quota);
        break;
      case 'catalogue':
        this._again(this.catalogue);
        for (const dataset of this._datasets.values()) {
          void dataset.refresh();
        }
        break;
      case 'exports':
        this._again(this.exports);
        for (const [id, request] of this._requests) {
          if (change.id === null || change.id === id) {
            void request.refresh();
          }
        }
        break;
      case 'policy':
        // roles, grants, limits and prices may all be different now
        this.refresh();
        break;
      case 'broker':
        if (change.id === 'down') {
          this._setBroker('down');
        } else if (this._broker === 'down') {
          this._setBroker('up');
        } else {
          this.refresh();
        }
        break;
    }
  }

  private readonly _client: GatewayClient;
  private readonly _translator: ITranslator;
  private readonly _events: Event.IManager;
  private readonly _reconnect: Poll;
  private readonly _changed = new Signal<IWorkspaceModel, GatewayEvent>(this);
  private readonly _brokerChanged = new Signal<IWorkspaceModel, BrokerState>(this);
  private readonly _datasets = new Map<string, Resource<Dataset>>();
  private readonly _requests = new Map<string, Resource<ExportRequest>>();
  private _query = '';
  private _broker: BrokerState = 'unknown';
  private _isDisposed = false;
}

/**
 * Statics of {@link WorkspaceModel}.
 */
export namespace WorkspaceModel {
  /** What the model needs. */
  export interface IOptions {
    /** Asks the gateway. */
    client: GatewayClient;
    /** Jupyter's event stream. */
    events: Event.IManager;
    /** Knows JupyterLab's language. */
    translator: ITranslator;
  }
}
