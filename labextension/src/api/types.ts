/**
 * The gateway's types. Generated from docs/reference/openapi.json by `npm run api` in tools/; not edited by hand.
 */
export interface paths {
  '/health': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Whether the broker answers */
    get: operations['health'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/me': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Who the caller is */
    get: operations['me'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/project': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The project and what the caller may do */
    get: operations['project'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/catalogue': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Search the granted data sets */
    get: operations['catalogue.list'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/catalogue/{name}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One data set with its variables */
    get: operations['catalogue.get'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/quota': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Use of both storage areas */
    get: operations['quota'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/quota/measurements': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Measure both areas now */
    post: operations['quota.measure'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/quota/checks': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Whether a save fits */
    post: operations['quota.check'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/quota/written': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** What kernels wrote, and which end */
    post: operations['quota.written'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/precheck': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Check files against the disclosure rules */
    post: operations['precheck'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/exports': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Export requests */
    get: operations['exports.list'];
    put?: never;
    /** Start a draft */
    post: operations['exports.create'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/exports/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One request */
    get: operations['exports.get'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    /** Change a draft */
    patch: operations['exports.edit'];
    trace?: never;
  };
  '/exports/{id}/actions/{action}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Take a step of the workflow */
    post: operations['exports.act'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/policy': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Which policy is in force */
    get: operations['policy'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/audit': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Events of the project */
    get: operations['audit'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/sessions': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** A kernel starts */
    post: operations['sessions.open'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/sessions/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /** A kernel ended */
    delete: operations['sessions.close'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/notes': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Log-ins and refusals a workspace server saw */
    post: operations['server.notes'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export interface webhooks {
  change: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Something changed, fetch it again; over Jupyter's event stream */
    post: operations['change'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export interface components {
  schemas: {
    /**
     * AreaUsage
     * @description Use of one storage area.
     */
    AreaUsage: {
      /** @enum {string} */
      area: 'shared' | 'personal';
      limit_bytes: number;
      /**
       * @description Allocated bytes, hard links once; null when not measured yet.
       * @default null
       */
      used_bytes: number | null;
      /**
       * @description Sum of file sizes; null when not measured yet.
       * @default null
       */
      apparent_bytes: number | null;
      /** @default null */
      files: number | null;
      /** @default null */
      measured_at: string | null;
      /**
       * @description Bytes in the unit the limit is shown in: 10^9 (GB) or 2^30 (GiB).
       * @default 1000000000
       */
      unit_bytes: number;
      /**
       * @default unknown
       * @enum {string}
       */
      level: 'ok' | 'warning' | 'full' | 'unknown';
      /** @description One sentence: what it is and what to do. */
      text: components['schemas']['Text'];
    };
    /**
     * AuditEvent
     * @description One event of the chain.
     */
    AuditEvent: {
      sequence: number;
      /** Format: date-time */
      at: string;
      user: string;
      project: string;
      action: string;
      subject: string;
      outcome: string;
      details: {
        [key: string]: unknown;
      };
      hash: string;
    };
    /**
     * AuditPage
     * @description Events, newest first.
     */
    AuditPage: {
      events: components['schemas']['AuditEvent'][];
    };
    /**
     * AuditQuery
     * @description The newest events of the project.
     */
    AuditQuery: {
      /** @default 100 */
      limit?: number;
      /**
       * @description Only events with a lower sequence number.
       * @default null
       */
      before?: number | null;
    };
    /**
     * ById
     * @description One thing by its id.
     */
    ById: {
      id: string;
    };
    /**
     * ByName
     * @description One data set (or its topic).
     */
    ByName: {
      name: string;
    };
    /**
     * CatalogueListing
     * @description Granted data sets that match.
     */
    CatalogueListing: {
      datasets: components['schemas']['DatasetSummary'][];
      topics: number;
      query: string;
    };
    /**
     * CatalogueQuery
     * @description Search text over names, titles, topics, variables and labels; empty lists everything granted.
     */
    CatalogueQuery: {
      /** @default  */
      query?: string;
    };
    /**
     * Dataset
     * @description One version of one file of the catalogue, without its place on disk.
     */
    Dataset: {
      /** @description View name: file stem in capitals without separators, e.g. GBAPERSOON2023TABV1. */
      name: string;
      /** @description Topic name irrespective of year and version, e.g. GBAPERSOONTAB. */
      topic: string;
      title: string;
      theme: string;
      year: number | null;
      version: number | null;
      rows: number;
      /** @default  */
      period: string;
      /** @default  */
      population: string;
      /**
       * @description What one row describes.
       * @default person
       */
      unit: string;
      /**
       * @description Columns that together name the unit, e.g. (RINPERSOONS, RINPERSOON).
       * @default []
       */
      unit_key: string[];
      /**
       * @description Most rows any unit has, counted when the file was indexed.
       * @default null
       */
      max_rows_per_unit: number | null;
      /** @default null */
      institution_key: string | null;
      /** @default default */
      rule_profile: string;
      /** @default 0 */
      bytes: number;
      /** @default [] */
      variables: components['schemas']['Variable'][];
      /**
       * @description The newest granted version of its topic, also readable under the topic's name.
       * @default false
       */
      newest: boolean;
    };
    /**
     * DatasetSummary
     * @description A row of the catalogue listing.
     */
    DatasetSummary: {
      name: string;
      topic: string;
      title: string;
      theme: string;
      year: number | null;
      version: number | null;
      rows: number;
      columns: number;
      period: string;
      newest: boolean;
    };
    /**
     * ErrorBody
     * @description How an error travels over the gateway and the session protocol.
     */
    ErrorBody: {
      /** @description Name of the error type, e.g. 'NotFound'. */
      kind: string;
      /** @description Stable reason code, e.g. 'unknown_dataset'. */
      code: string;
      status: number;
      /** @description What happened and why. */
      message: components['schemas']['Text'];
      /**
       * @description What the reader can do about it.
       * @default null
       */
      remedy: components['schemas']['Text'] | null;
      /** @default null */
      position: components['schemas']['Position'] | null;
      /** @default [] */
      suggestions: string[];
    };
    /**
     * Event
     * @description Pushed to servers and kernels: something changed, fetch it again.
     */
    Event: {
      /** @enum {string} */
      topic: 'project' | 'catalogue' | 'quota' | 'exports' | 'policy' | 'broker';
      /** @default null */
      id: string | null;
      /**
       * @description A notification for this person; null when nothing needs saying.
       * @default null
       */
      text: components['schemas']['Text'] | null;
      /**
       * @default info
       * @enum {string}
       */
      level: 'info' | 'success' | 'warning' | 'error';
    };
    /**
     * ExportAct
     * @description A step of the workflow.
     */
    ExportAct: {
      id: string;
      action: components['schemas']['ExportAction'];
      version: number;
      /**
       * @description The digest the person saw; required to approve or reject.
       * @default null
       */
      digest?: string | null;
      /** @default  */
      reason?: string;
      /**
       * @description Step-up PIN; only from the trusted front end.
       * @default null
       */
      pin?: string | null;
    };
    /**
     * ExportAction
     * @description What a person can do to a request.
     * @enum {string}
     */
    ExportAction: 'edit' | 'propose' | 'return' | 'submit' | 'withdraw' | 'approve' | 'reject';
    /**
     * ExportCreate
     * @description A new draft.
     */
    ExportCreate: {
      title: string;
      /** @default [] */
      paths?: string[];
      /**
       * @default {
       *       "purpose": "",
       *       "description": "",
       *       "secondary_disclosure": "",
       *       "relation_to_earlier": "",
       *       "institutions": false,
       *       "external_labels": "",
       *       "files": []
       *     }
       */
      form?: components['schemas']['ExportForm-Input'];
    };
    /**
     * ExportEdit
     * @description A change of a draft; absent fields stay as they are.
     */
    ExportEdit: {
      id: string;
      version: number;
      /** @default null */
      title?: string | null;
      /** @default null */
      paths?: string[] | null;
      /** @default null */
      form?: components['schemas']['ExportForm-Input'] | null;
    };
    /**
     * ExportForm
     * @description The output control form (unofficial template: the official one is not public).
     */
    'ExportForm-Input': {
      /**
       * @description Publication, thesis, presentation …
       * @default
       */
      purpose?: string;
      /** @default  */
      description?: string;
      /**
       * @description How secondary disclosure was checked.
       * @default
       */
      secondary_disclosure?: string;
      /** @default  */
      relation_to_earlier?: string;
      /** @default false */
      institutions?: boolean;
      /** @default  */
      external_labels?: string;
      /** @default [] */
      files?: components['schemas']['FormFile-Input'][];
    };
    /**
     * ExportForm
     * @description The output control form (unofficial template: the official one is not public).
     */
    'ExportForm-Output': {
      /**
       * @description Publication, thesis, presentation …
       * @default
       */
      purpose: string;
      /** @default  */
      description: string;
      /**
       * @description How secondary disclosure was checked.
       * @default
       */
      secondary_disclosure: string;
      /** @default  */
      relation_to_earlier: string;
      /** @default false */
      institutions: boolean;
      /** @default  */
      external_labels: string;
      /** @default [] */
      files: components['schemas']['FormFile-Output'][];
    };
    /**
     * ExportList
     * @description Requests the person may see, newest change first.
     */
    ExportList: {
      requests: components['schemas']['ExportSummary'][];
    };
    /**
     * ExportRequest
     * @description A request with everything its reader may see.
     */
    ExportRequest: {
      id: string;
      title: string;
      state: components['schemas']['ExportState'];
      state_text: components['schemas']['Text'];
      /** @description Who is to act. */
      waiting_for: components['schemas']['Text'];
      author: string;
      round: number;
      /** @description Row version for compare-and-swap. */
      version: number;
      /** Format: date-time */
      changed_at: string;
      /** @default null */
      class: string | null;
      /** @default null */
      price_cents: number | null;
      /** @default null */
      ready_on: string | null;
      /**
       * @description Verdict of the last pre-check; null when none was made.
       * @default null
       */
      status: components['schemas']['Status'] | null;
      file_count: number;
      allowed_actions: components['schemas']['Permission'][];
      /**
       * @description Workspace paths, e.g. 'shared/tables/costs.csv'.
       * @default []
       */
      paths: string[];
      /**
       * @default {
       *       "purpose": "",
       *       "description": "",
       *       "secondary_disclosure": "",
       *       "relation_to_earlier": "",
       *       "institutions": false,
       *       "external_labels": "",
       *       "files": []
       *     }
       */
      form: components['schemas']['ExportForm-Output'];
      /** @default null */
      report: components['schemas']['PrecheckReport'] | null;
      /** @default [] */
      manifest: components['schemas']['ManifestEntry'][];
      /**
       * @description sha256 of the round's canonical manifest: what people sign.
       * @default null
       */
      digest: string | null;
      /** @default [] */
      reviews: components['schemas']['Review'][];
      /** @default [] */
      history: components['schemas']['HistoryEntry'][];
      /**
       * @description What keeps it from being proposed.
       * @default []
       */
      open_questions: components['schemas']['Text'][];
    };
    /**
     * ExportState
     * @description States of a request; everything after SUBMITTED concerns frozen bytes.
     * @enum {string}
     */
    ExportState:
      | 'draft'
      | 'proposed'
      | 'submitted'
      | 'cost_pending'
      | 'in_review'
      | 'changes_requested'
      | 'approved'
      | 'released'
      | 'rejected'
      | 'withdrawn'
      | 'recalled';
    /**
     * ExportSummary
     * @description A row of the list of requests.
     */
    ExportSummary: {
      id: string;
      title: string;
      state: components['schemas']['ExportState'];
      state_text: components['schemas']['Text'];
      /** @description Who is to act. */
      waiting_for: components['schemas']['Text'];
      author: string;
      round: number;
      /** @description Row version for compare-and-swap. */
      version: number;
      /** Format: date-time */
      changed_at: string;
      /** @default null */
      class: string | null;
      /** @default null */
      price_cents: number | null;
      /** @default null */
      ready_on: string | null;
      /**
       * @description Verdict of the last pre-check; null when none was made.
       * @default null
       */
      status: components['schemas']['Status'] | null;
      file_count: number;
      allowed_actions: components['schemas']['Permission'][];
    };
    /**
     * FileReport
     * @description What the pre-check says of one file.
     */
    FileReport: {
      path: string;
      /** @description Type detected from the bytes, e.g. 'csv', 'xlsx', 'notebook'. */
      type: string;
      status: components['schemas']['Status'];
      /** @default 0 */
      tables: number;
      /**
       * @description Non-empty cells including headers.
       * @default 0
       */
      cells: number;
      /** @default 0 */
      bytes: number;
      /**
       * @description Name under which it would leave; null when it is refused.
       * @default null
       */
      delivered_as: string | null;
      /** @default null */
      stripped: components['schemas']['StrippedContent'] | null;
      /** @default [] */
      findings: components['schemas']['Finding'][];
      /**
       * @description On what each table was judged.
       * @default []
       */
      bases: components['schemas']['TableBasis'][];
    };
    /**
     * Finding
     * @description One thing a checker would say about a file.
     */
    Finding: {
      rule: components['schemas']['Rule'];
      status: components['schemas']['Status'];
      /**
       * @default {
       *       "sheet": null,
       *       "row": null,
       *       "column": null,
       *       "cell": null,
       *       "line": null
       *     }
       */
      where: components['schemas']['Where'];
      /**
       * @default found
       * @enum {string}
       */
      basis: 'verified' | 'declared' | 'found';
      text: components['schemas']['Text'];
      remedy: components['schemas']['Text'];
    };
    /**
     * FormFile
     * @description What the submitter says of one file.
     */
    'FormFile-Input': {
      path: string;
      /**
       * @description What the file shows, in one line.
       * @default
       */
      shows?: string;
      /**
       * @description Population and selection.
       * @default
       */
      population?: string;
      /**
       * @description Source files with versions.
       * @default []
       */
      sources?: string[];
      /**
       * @description person, household, business or institution.
       * @default
       */
      unit?: string;
      /** @default false */
      weighted?: boolean;
      /**
       * @description Where the unweighted n stands.
       * @default
       */
      unweighted_n?: string;
    };
    /**
     * FormFile
     * @description What the submitter says of one file.
     */
    'FormFile-Output': {
      path: string;
      /**
       * @description What the file shows, in one line.
       * @default
       */
      shows: string;
      /**
       * @description Population and selection.
       * @default
       */
      population: string;
      /**
       * @description Source files with versions.
       * @default []
       */
      sources: string[];
      /**
       * @description person, household, business or institution.
       * @default
       */
      unit: string;
      /** @default false */
      weighted: boolean;
      /**
       * @description Where the unweighted n stands.
       * @default
       */
      unweighted_n: string;
    };
    /**
     * Health
     * @description The broker answers.
     */
    Health: {
      /**
       * @default ok
       * @constant
       */
      status: 'ok';
      version: string;
      pid: number;
      policy_version: string;
    };
    /**
     * HistoryEntry
     * @description One step of a request.
     */
    HistoryEntry: {
      /** Format: date-time */
      at: string;
      user: string;
      action: string;
      state: components['schemas']['ExportState'];
      /** @default  */
      note: string;
    };
    /**
     * KernelWritten
     * @description What one kernel wrote to disk.
     */
    KernelWritten: {
      session: string;
      /** @description Since it started, with all it starts. */
      written_bytes: number;
      /**
       * @description Held by open files without a name, which no measurement of an area finds.
       * @default 0
       */
      nameless_bytes?: number;
    };
    /**
     * ManifestEntry
     * @description One frozen file of a round.
     */
    ManifestEntry: {
      /** @description Name in the delivery, no folders. */
      path: string;
      /** @description Path in the workspace it came from. */
      source: string;
      sha256: string;
      /** @description Bytes. */
      size: number;
      type: string;
      /** @enum {string} */
      kind: 'table' | 'script' | 'document' | 'figure' | 'other';
    };
    /**
     * Nothing
     * @description No parameters, or no answer.
     */
    Nothing: Record<string, never>;
    /**
     * Permission
     * @description Whether one action is open to this person now, and why (not).
     */
    Permission: {
      action: string;
      allowed: boolean;
      /** @description Empty when allowed; the tooltip of a disabled button otherwise. */
      reason: components['schemas']['Text'];
    };
    /**
     * PolicyProblem
     * @description Why a policy file was refused.
     */
    PolicyProblem: {
      file: string;
      /** @default null */
      line: number | null;
      /** @default  */
      field: string;
      message: components['schemas']['Text'];
      expected: components['schemas']['Text'];
    };
    /**
     * PolicyStatus
     * @description Which policy is in force.
     */
    PolicyStatus: {
      /** @description sha256 prefix of the policy in force. */
      version: string;
      /** Format: date-time */
      loaded_at: string;
      /**
       * @description Problems of a newer version that was refused; empty when up to date.
       * @default []
       */
      problems: components['schemas']['PolicyProblem'][];
    };
    /**
     * Position
     * @description Where in a text the trouble is; both counted from 1.
     */
    Position: {
      line: number;
      column: number;
    };
    /**
     * PrecheckQuery
     * @description Workspace paths of files or folders, e.g. 'shared/tables'.
     */
    PrecheckQuery: {
      paths: string[];
    };
    /**
     * PrecheckReport
     * @description The answer of a pre-check.
     */
    PrecheckReport: {
      status: components['schemas']['Status'];
      files: components['schemas']['FileReport'][];
      /**
       * @description Null where nothing could be delivered.
       * @default null
       */
      class: string | null;
      /** @default [] */
      class_reasons: components['schemas']['Text'][];
      /** @default null */
      price_cents: number | null;
      /**
       * @description ISO date by which CBS would answer if it were delivered now.
       * @default null
       */
      ready_on: string | null;
      /**
       * @description How the output would be cheaper, in one line.
       * @default null
       */
      cheaper: components['schemas']['Text'] | null;
      versions: {
        [key: string]: string;
      };
    };
    /**
     * Principal
     * @description Who is asking, known from the socket the request came in on, never from the request.
     */
    Principal: {
      user: string;
      /** @description Display name. */
      name: string;
      role: components['schemas']['Role'];
      /** @description Project number, four digits. */
      project: string;
    };
    /**
     * ProjectSummary
     * @description What every member sees of the project.
     */
    ProjectSummary: {
      number: string;
      title: string;
      institution: string;
      role: components['schemas']['Role'];
      user: string;
      name: string;
      /** Format: date */
      start: string;
      /** Format: date */
      end: string;
      /**
       * Format: date
       * @description First day without access: the first working day after the end date.
       */
      access_until: string;
      days_left: number;
      /** @description 'active', 'contract_pending', 'not_started', 'paused' or 'ended'. */
      state: string;
      state_text: components['schemas']['Text'];
      permissions: components['schemas']['Permission'][];
      /** @description Whether kernels and workers of this deployment are sandboxed. */
      walls_in_force: boolean;
      walls_text: components['schemas']['Text'];
      /**
       * @description Something that blocks work, e.g. a policy file that was refused.
       * @default null
       */
      notice: components['schemas']['Text'] | null;
    };
    /**
     * QuotaStatus
     * @description Both areas of the asking person.
     */
    QuotaStatus: {
      shared: components['schemas']['AreaUsage'];
      personal: components['schemas']['AreaUsage'];
    };
    /**
     * Review
     * @description A checker's decision as the reader may see it.
     */
    Review: {
      /** @description Null while the other review is not in. */
      checker: string | null;
      decision: ('approve' | 'reject') | null;
      /** @default  */
      reason: string;
      /** @default null */
      at: string | null;
    };
    /**
     * Role
     * @description What a person is in a project (design: domain, role matrix).
     * @enum {string}
     */
    Role: 'researcher' | 'leader' | 'viewer' | 'checker' | 'admin';
    /**
     * Rule
     * @description Rule codes (design: disclosure, Interchange of a pre-check).
     * @enum {string}
     */
    Rule:
      | 'identifier'
      | 'microdata'
      | 'min_frequency'
      | 'group_disclosure'
      | 'within_group'
      | 'dominance'
      | 'degrees_of_freedom'
      | 'institution'
      | 'min_max'
      | 'percentile'
      | 'zero'
      | 'secondary'
      | 'union'
      | 'insider'
      | 'differencing'
      | 'rounding'
      | 'model_level'
      | 'saturated'
      | 'unit_values'
      | 'hidden_content'
      | 'metadata'
      | 'script_literal'
      | 'label_missing'
      | 'refused_format'
      | 'disguised_format'
      | 'notebook'
      | 'archive'
      | 'unreadable'
      | 'unknown_table';
    /**
     * SaveCheck
     * @description May a file of this size be written here?
     */
    SaveCheck: {
      path: string;
      bytes: number;
      /**
       * @description Allocated bytes of the file it replaces.
       * @default 0
       */
      replaces_bytes?: number;
    };
    /**
     * SaveVerdict
     * @description Room for a save, or the error body of a 507.
     */
    SaveVerdict: {
      allowed: boolean;
      /** @default null */
      message: components['schemas']['Text'] | null;
      /** @default null */
      remedy: components['schemas']['Text'] | null;
    };
    /**
     * ServerNote
     * @description Something a workspace server saw, and how often since it last told.
     */
    ServerNote: {
      /** @enum {string} */
      event: 'login' | 'login_refused' | 'logout' | 'session_ended' | 'route_refused';
      /**
       * @description What it was about, e.g. the beginning of a path.
       * @default
       */
      subject?: string;
      /** @default 1 */
      count?: number;
    };
    /**
     * ServerNotes
     * @description Events of a workspace server for the audit.
     */
    ServerNotes: {
      notes: components['schemas']['ServerNote'][];
    };
    /**
     * Session
     * @description Where the kernel finds its broker.
     */
    Session: {
      id: string;
      /** @description Path of the session's own listening socket. */
      socket: string;
    };
    /**
     * SessionOpen
     * @description A kernel starts.
     */
    SessionOpen: {
      kernel_id: string;
    };
    /**
     * Status
     * @description Verdict on a cell, a file or a whole output, from good to bad.
     * @enum {string}
     */
    Status: 'safe' | 'review' | 'unsafe' | 'refused';
    /**
     * StrippedContent
     * @description What a conversion leaves behind inside the workspace.
     */
    StrippedContent: {
      /** @default 0 */
      outputs: number;
      /** @default 0 */
      images: number;
      /** @default 0 */
      attachments: number;
      /** @default 0 */
      widgets: number;
      /** @default 0 */
      metadata: number;
      text: components['schemas']['Text'];
    };
    /**
     * TableBasis
     * @description On what a table of a file was judged.
     *
     *     ``verified``: every printed value agrees with the evidence of a table made here; ``declared``: by what the form says of it; ``found``: by what its
     *     headings say; ``unknown``: by nothing.
     */
    TableBasis: {
      where: components['schemas']['Where'];
      /** @enum {string} */
      basis: 'verified' | 'declared' | 'found' | 'unknown';
      /**
       * @description Of the evidence, where there is any.
       * @default null
       */
      fingerprint: string | null;
      /**
       * @description Rows of the evidence frame, from 0, whose value the file does not show.
       * @default []
       */
      hidden: number[];
      /**
       * @description Where the file shows each row of the evidence frame: a cell ('B4'), a line ('12'), or nothing; only while files are checked.
       * @default []
       */
      places: string[];
    };
    Text: string;
    /**
     * Variable
     * @description One column of a data set.
     */
    Variable: {
      name: string;
      /** @default  */
      label: string;
      /** @description DuckDB type of the column in the Parquet file, e.g. VARCHAR. */
      type: string;
      role: components['schemas']['VariableRole'];
      /**
       * @description Unit of measurement, e.g. 'EUR'; empty where there is none.
       * @default
       */
      unit: string;
      /** @description Code → label. */
      codes: {
        [key: string]: string;
      };
    };
    /**
     * VariableRole
     * @description What a variable is to disclosure control (facts: catalogue.json, roles).
     * @enum {string}
     */
    VariableRole: 'identifier' | 'institution' | 'quasi' | 'sensitive' | 'measure';
    /**
     * Where
     * @description A place in a file; rows, columns and lines are counted from 1 as a person sees them.
     */
    Where: {
      /** @default null */
      sheet: string | null;
      /** @default null */
      row: number | null;
      /** @default null */
      column: string | null;
      /** @default null */
      cell: string | null;
      /** @default null */
      line: number | null;
    };
    /**
     * WrittenReport
     * @description What all kernels of a person wrote.
     */
    WrittenReport: {
      kernels: components['schemas']['KernelWritten'][];
    };
    /**
     * WrittenVerdict
     * @description Which kernels have to end because the disk is not theirs alone.
     */
    WrittenVerdict: {
      /**
       * @description Their sessions.
       * @default []
       */
      end: string[];
      /**
       * @description Why, for the person; null when none has to end.
       * @default null
       */
      text: components['schemas']['Text'] | null;
      /**
       * @description Whether there are folders that the broker cannot look into; their owner's server opens them.
       * @default false
       */
      closed: boolean;
    };
  };
  responses: {
    /** @description What happened, why, and what to do. By status: 400 Invalid, 401 StepUpRequired, 403 Refused, 404 NotFound, 409 Conflict, 413 TooLarge, 499 Cancelled, 500 Internal, 503 Unavailable, 504 TimedOut, 507 QuotaExceeded. */
    Error: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/json': components['schemas']['ErrorBody'];
      };
    };
  };
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  health: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Whether the broker answers */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Health'];
        };
      };
      default: components['responses']['Error'];
    };
  };
  me: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Who the caller is */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Principal'];
        };
      };
      default: components['responses']['Error'];
    };
  };
  project: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The project and what the caller may do */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ProjectSummary'];
        };
      };
      default: components['responses']['Error'];
    };
  };
  'catalogue.list': {
    parameters: {
      query?: {
        query?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Search the granted data sets */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['CatalogueListing'];
        };
      };
      default: components['responses']['Error'];
    };
  };
  'catalogue.get': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        name: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description One data set with its variables */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Dataset'];
        };
      };
      default: components['responses']['Error'];
    };
  };
  quota: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Use of both storage areas */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['QuotaStatus'];
        };
      };
      default: components['responses']['Error'];
    };
  };
  'quota.measure': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Measure both areas now */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['QuotaStatus'];
        };
      };
      default: components['responses']['Error'];
    };
  };
  'quota.check': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          path: string;
          bytes: number;
          /**
           * @description Allocated bytes of the file it replaces.
           * @default 0
           */
          replaces_bytes?: number;
        };
      };
    };
    responses: {
      /** @description Whether a save fits */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SaveVerdict'];
        };
      };
      default: components['responses']['Error'];
    };
  };
  'quota.written': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          kernels: components['schemas']['KernelWritten'][];
        };
      };
    };
    responses: {
      /** @description What kernels wrote, and which end */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['WrittenVerdict'];
        };
      };
      default: components['responses']['Error'];
    };
  };
  precheck: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          paths: string[];
        };
      };
    };
    responses: {
      /** @description Check files against the disclosure rules */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['PrecheckReport'];
        };
      };
      default: components['responses']['Error'];
    };
  };
  'exports.list': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Export requests */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ExportList'];
        };
      };
      default: components['responses']['Error'];
    };
  };
  'exports.create': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          title: string;
          /** @default [] */
          paths?: string[];
          /**
           * @default {
           *       "purpose": "",
           *       "description": "",
           *       "secondary_disclosure": "",
           *       "relation_to_earlier": "",
           *       "institutions": false,
           *       "external_labels": "",
           *       "files": []
           *     }
           */
          form?: components['schemas']['ExportForm-Input'];
        };
      };
    };
    responses: {
      /** @description Start a draft */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ExportRequest'];
        };
      };
      default: components['responses']['Error'];
    };
  };
  'exports.get': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description One request */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ExportRequest'];
        };
      };
      default: components['responses']['Error'];
    };
  };
  'exports.edit': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          version: number;
          /** @default null */
          title?: string | null;
          /** @default null */
          paths?: string[] | null;
          /** @default null */
          form?: components['schemas']['ExportForm-Input'] | null;
        };
      };
    };
    responses: {
      /** @description Change a draft */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ExportRequest'];
        };
      };
      default: components['responses']['Error'];
    };
  };
  'exports.act': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
        action: components['schemas']['ExportAction'];
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          version: number;
          /**
           * @description The digest the person saw; required to approve or reject.
           * @default null
           */
          digest?: string | null;
          /** @default  */
          reason?: string;
          /**
           * @description Step-up PIN; only from the trusted front end.
           * @default null
           */
          pin?: string | null;
        };
      };
    };
    responses: {
      /** @description Take a step of the workflow */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ExportRequest'];
        };
      };
      default: components['responses']['Error'];
    };
  };
  policy: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Which policy is in force */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['PolicyStatus'];
        };
      };
      default: components['responses']['Error'];
    };
  };
  audit: {
    parameters: {
      query?: {
        limit?: number;
        before?: number | null;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Events of the project */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['AuditPage'];
        };
      };
      default: components['responses']['Error'];
    };
  };
  'sessions.open': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          kernel_id: string;
        };
      };
    };
    responses: {
      /** @description A kernel starts */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Session'];
        };
      };
      default: components['responses']['Error'];
    };
  };
  'sessions.close': {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Done; nothing is answered. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      default: components['responses']['Error'];
    };
  };
  'server.notes': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          notes: components['schemas']['ServerNote'][];
        };
      };
    };
    responses: {
      /** @description Done; nothing is answered. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      default: components['responses']['Error'];
    };
  };
  change: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['Event'];
      };
    };
    responses: {
      /** @description Nothing is answered. */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
}
