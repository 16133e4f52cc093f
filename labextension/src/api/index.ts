/**
 * The gateway as the front end uses it: types with short names, the client, and its errors.
 */
import type { components, operations } from './types';

type Schemas = components['schemas'];

/** Use of one storage area. */
export type AreaUsage = Schemas['AreaUsage'];
/** Granted data sets that match a search. */
export type CatalogueListing = Schemas['CatalogueListing'];
/** One version of one file of the catalogue, with its variables. */
export type Dataset = Schemas['Dataset'];
/** A row of the catalogue's listing. */
export type DatasetSummary = Schemas['DatasetSummary'];
/** How an error travels. */
export type ErrorBody = Schemas['ErrorBody'];
/** Something changed at the broker. */
export type GatewayEvent = Schemas['Event'];
/** A step of the export workflow. */
export type ExportAction = Schemas['ExportAction'];
/** The export requests this person may see. */
export type ExportList = Schemas['ExportList'];
/** An export request with everything its reader may see. */
export type ExportRequest = Schemas['ExportRequest'];
/** A state of the export workflow. */
export type ExportState = Schemas['ExportState'];
/** A row of the list of requests. */
export type ExportSummary = Schemas['ExportSummary'];
/** What the pre-check says of one file. */
export type FileReport = Schemas['FileReport'];
/** One thing a checker would say about a file. */
export type Finding = Schemas['Finding'];
/** Whether one action is open to this person, and why not. */
export type Permission = Schemas['Permission'];
/** Why a policy file was refused. */
export type PolicyProblem = Schemas['PolicyProblem'];
/** Which policy is in force. */
export type PolicyStatus = Schemas['PolicyStatus'];
/** The project as its members see it. */
export type ProjectSummary = Schemas['ProjectSummary'];
/** Use of both storage areas. */
export type QuotaStatus = Schemas['QuotaStatus'];
/** What a person is in a project. */
export type Role = Schemas['Role'];
/** A verdict, from safe to refused. */
export type Status = Schemas['Status'];
/** One column of a data set. */
export type Variable = Schemas['Variable'];
/** What a step of the workflow needs besides request and action. */
export type ExportStep = operations['exports.act']['requestBody']['content']['application/json'];

export { GatewayClient } from './client';
export { GatewayError } from './error';
