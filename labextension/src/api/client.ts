import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { GatewayError } from './error';
import type {
  CatalogueListing,
  Dataset,
  ErrorBody,
  ExportAction,
  ExportList,
  ExportRequest,
  ExportStep,
  PolicyStatus,
  ProjectSummary,
  QuotaStatus
} from './index';
import { languageTag } from '../locale';

/** Where the workspace server mounts the gateway. */
const BASE_PATH = 'cbs/api';

/**
 * Asks the gateway, in the language of JupyterLab.
 *
 * Every method rejects with a {@link GatewayError} whose message is meant for the reader.
 */
export class GatewayClient {
  /**
   * Make a client.
   *
   * @param options - The server to ask and the translator that knows the language.
   */
  constructor(options: GatewayClient.IOptions) {
    this._settings = options.serverSettings;
    this._translator = options.translator;
    this._trans = options.translator.load('jupyter_cbs');
  }

  /** The project and what the person may do. */
  project(): Promise<ProjectSummary> {
    return this._ask('GET', 'project');
  }

  /** Use of both storage areas. */
  quota(): Promise<QuotaStatus> {
    return this._ask('GET', 'quota');
  }

  /** Measure both areas now. */
  measureQuota(): Promise<QuotaStatus> {
    return this._ask('POST', 'quota/measurements', {});
  }

  /**
   * The granted data sets that match.
   *
   * @param query - Words to find in names, titles, topics, variables and labels; empty lists all.
   */
  catalogue(query: string): Promise<CatalogueListing> {
    return this._ask('GET', 'catalogue' + URLExt.objectToQueryString({ query }));
  }

  /**
   * One data set with its variables.
   *
   * @param name - View name or topic.
   */
  dataset(name: string): Promise<Dataset> {
    return this._ask('GET', `catalogue/${encodeURIComponent(name)}`);
  }

  /** The export requests the person may see. */
  exports(): Promise<ExportList> {
    return this._ask('GET', 'exports');
  }

  /**
   * One export request.
   *
   * @param id - Its id.
   */
  exportRequest(id: string): Promise<ExportRequest> {
    return this._ask('GET', `exports/${encodeURIComponent(id)}`);
  }

  /**
   * Take a step of the workflow.
   *
   * @param id - The request.
   * @param action - The step.
   * @param step - The version and digest the person saw, a reason, the PIN.
   */
  act(id: string, action: ExportAction, step: ExportStep): Promise<ExportRequest> {
    return this._ask('POST', `exports/${encodeURIComponent(id)}/actions/${action}`, step);
  }

  /** Which policy is in force. */
  policy(): Promise<PolicyStatus> {
    return this._ask('GET', 'policy');
  }

  /** Whether the broker answers; rejects when it does not. */
  async health(): Promise<void> {
    await this._ask<unknown>('GET', 'health');
  }

  private async _ask<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
    const headers: Record<string, string> = { 'Accept-Language': languageTag(this._translator) };
    const init: RequestInit = { method, headers };
    if (body !== undefined) {
      headers['Content-Type'] = 'application/json';
      init.body = JSON.stringify(body);
    }
    const url = URLExt.join(this._settings.baseUrl, BASE_PATH) + '/' + path;
    let response: Response;
    let text: string;
    try {
      response = await ServerConnection.makeRequest(url, init, this._settings);
      text = await response.text();
    } catch {
      throw new GatewayError({
        kind: 'Unavailable',
        code: 'server_unreachable',
        status: 0,
        message: this._trans.__('The workspace server does not answer.'),
        remedy: this._trans.__('Check your connection; the panel recovers by itself.')
      });
    }
    if (!response.ok) {
      throw new GatewayError(this._errorBody(response.status, text));
    }
    return JSON.parse(text) as T;
  }

  /** Read the gateway's error; an answer of another kind (a proxy's page, say) gets words of our own. */
  private _errorBody(status: number, text: string): ErrorBody {
    try {
      const parsed = JSON.parse(text) as Partial<ErrorBody> | null;
      if (typeof parsed?.message === 'string' && typeof parsed?.code === 'string') {
        return parsed as ErrorBody;
      }
    } catch {
      // not JSON, so not the gateway
    }
    return {
      kind: 'Internal',
      code: 'unknown_answer',
      status,
      message: this._trans.__('The workspace answered with status %1.', String(status)),
      remedy: this._trans.__('Try again; if it stays, tell the admin what you did and when.'),
      position: null,
      suggestions: []
    };
  }

  private readonly _settings: ServerConnection.ISettings;
  private readonly _translator: ITranslator;
  private readonly _trans: TranslationBundle;
}

/**
 * Statics of {@link GatewayClient}.
 */
export namespace GatewayClient {
  /** What a client needs. */
  export interface IOptions {
    /** Settings of the application's server connection. */
    serverSettings: ServerConnection.ISettings;
    /** Knows JupyterLab's language. */
    translator: ITranslator;
  }
}
