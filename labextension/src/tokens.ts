import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import type { ReactNode } from 'react';
import type {
  CatalogueListing,
  Dataset,
  ExportAction,
  ExportList,
  ExportRequest,
  ExportStep,
  GatewayEvent,
  Permission,
  PolicyStatus,
  ProjectSummary,
  QuotaStatus
} from './api';
import type { Resource } from './model/resource';

/** The translation domain. */
export const DOMAIN = 'jupyter_cbs';

/**
 * Commands of the extension.
 */
export namespace CommandIDs {
  /** Show the side panel, with a section when one is named. */
  export const openPanel = 'jupyter-cbs:open-panel';
  /** A new notebook that is connected to the workspace. */
  export const newNotebook = 'jupyter-cbs:new-notebook';
  /** Open the export panel in the notebook. */
  export const exportPanel = 'jupyter-cbs:export-panel';
  /** Insert a query on a data set into the notebook. */
  export const insertQuery = 'jupyter-cbs:insert-query';
}

/** Whether the broker answers; unknown before the first answer. */
export type BrokerState = 'unknown' | 'up' | 'down';

/**
 * The one model of the workspace in the browser. All views are views of it; it follows the event stream.
 */
export interface IWorkspaceModel extends IDisposable {
  /** The project and what the person may do. */
  readonly project: Resource<ProjectSummary>;
  /** Use of both storage areas. */
  readonly quota: Resource<QuotaStatus>;
  /** Granted data sets that match {@link query}. */
  readonly catalogue: Resource<CatalogueListing>;
  /** Export requests. */
  readonly exports: Resource<ExportList>;
  /** The policy in force; asked only for persons who may read it. */
  readonly policy: Resource<PolicyStatus>;
  /** Whether the broker answers. */
  readonly broker: BrokerState;
  /** Emitted when {@link broker} changed. */
  readonly brokerChanged: ISignal<IWorkspaceModel, BrokerState>;
  /** Emitted for every change the broker told of, after the refetch was started. */
  readonly changed: ISignal<IWorkspaceModel, GatewayEvent>;
  /** The search in the catalogue; setting it searches. */
  query: string;
  /**
   * What one action's permission is now.
   *
   * @param action - Row of the permission table, e.g. `query`.
   * @returns The permission, or null while it is unknown.
   */
  permission(action: string): Permission | null;
  /**
   * One data set, fetched once and again after the catalogue changed.
   *
   * @param name - View name or topic.
   */
  dataset(name: string): Resource<Dataset>;
  /**
   * One export request, kept up to date while the model lives.
   *
   * @param id - Its id.
   */
  request(id: string): Resource<ExportRequest>;
  /**
   * Take a step of the export workflow; rejects with a `GatewayError`.
   *
   * @param id - The request.
   * @param action - The step.
   * @param step - What the step needs.
   */
  act(id: string, action: ExportAction, step: ExportStep): Promise<ExportRequest>;
  /** Measure both storage areas now and show the figures; rejects with a `GatewayError`. */
  measureStorage(): Promise<void>;
  /** Ask again for everything that is shown, e.g. after a new log-in. */
  refresh(): void;
}

/**
 * The workspace's model. Require it to show or follow anything of the workspace.
 */
export const IWorkspaceModel = new Token<IWorkspaceModel>(
  'jupyter-cbs:IWorkspaceModel',
  'The model of the CBS workspace: project, storage, catalogue and exports, kept up to date by the event stream.'
);

/**
 * A section of the side panel.
 */
export interface IPanelSection {
  /** Stable name, also the argument of the command that opens the panel. */
  readonly id: string;
  /** Heading, translated. */
  readonly label: string;
  /** Place: lower is higher up. */
  readonly rank: number;
  /** Render the body; called inside a React component, so that hooks may be used by what it returns. */
  readonly render: () => ReactNode;
  /** Render what stands at the right of the heading. */
  readonly aside?: () => ReactNode;
  /** Whether the section concerns this person; asked again when the project changed. */
  readonly isVisible?: () => boolean;
}

/**
 * The side panel *CBS workspace*.
 */
export interface IWorkspacePanel {
  /**
   * Add a section.
   *
   * @param section - The section.
   * @returns A disposable that removes it.
   */
  addSection(section: IPanelSection): IDisposable;
  /**
   * Open a section that may be folded, and move the focus to it.
   *
   * @param id - The section's name.
   */
  reveal(id: string): void;
}

/**
 * The side panel. Require it to add a section of your own.
 */
export const IWorkspacePanel = new Token<IWorkspacePanel>(
  'jupyter-cbs:IWorkspacePanel',
  'The side panel of the CBS workspace, to which sections can be added.'
);

/** A storage area a notebook can be made in. */
export type Area = 'shared' | 'personal';

/**
 * Writes into notebooks.
 */
export interface INotebookWriter {
  /**
   * Make a notebook with the cell that connects to the workspace, and open it.
   *
   * @param area - Where it is kept.
   */
  create(area: Area): Promise<void>;
  /**
   * Insert a code cell below the active one; without a notebook one is made first.
   *
   * @param code - The cell's source.
   */
  insert(code: string): Promise<void>;
  /** Show the export panel in the active notebook; without a notebook one is made first. */
  openExportPanel(): Promise<void>;
}

/**
 * Writes into notebooks. Require it to offer code to the person.
 */
export const INotebookWriter = new Token<INotebookWriter>(
  'jupyter-cbs:INotebookWriter',
  'Inserts cells that use the workspace into the active notebook, and makes connected notebooks.'
);
