import React, { useId, useState } from 'react';
import type { ExportAction, ExportRequest, ExportState, ExportSummary, Role } from '../api';
import { ActionButton, Age, Chip, Loaded, Note } from '../components/basics';
import { useSpeech } from '../components/context';
import { useResource } from '../components/hooks';
import type { IWorkspaceModel } from '../tokens';
import { RequestDetails } from './details';
import { takeStep } from './steps';
import { actionName, FINAL_STATES, STATE_SIGNS } from './words';

/** Steps that carry a request on; the others take it back. */
const FORWARD: readonly string[] = ['propose', 'submit', 'approve'];

/** Steps that are taken here; a draft is edited in the notebook, where its files are. */
const STEPS: readonly ExportAction[] = ['propose', 'submit', 'approve', 'return', 'reject', 'withdraw'];

/**
 * Closed steps that are worth a button with its reason. The broker lists every step for everybody; whether one is
 * open is its word alone, but a checker need not read why checkers propose nothing.
 */
const WORTH_SHOWING: Partial<Record<Role, Partial<Record<ExportState, readonly ExportAction[]>>>> = {
  researcher: { draft: ['propose'], proposed: ['withdraw'] },
  leader: { draft: ['propose'], proposed: ['submit', 'return'], cost_pending: ['submit'] },
  checker: { in_review: ['approve', 'reject'] }
};

/**
 * The export requests, first those that wait for this person.
 */
export function ExportsView(props: { model: IWorkspaceModel; onStart: () => void }): JSX.Element {
  const { trans } = useSpeech();
  const { model, onStart } = props;
  const exports = useResource(model.exports);
  // one at a time, so that a view has one filled button
  const [open, setOpen] = useState<string | null>(null);
  return (
    <Loaded resource={exports} lines={4}>
      {list => {
        if (list.requests.length === 0) {
          return <Empty model={model} onStart={onStart} />;
        }
        const groups: [string, ExportSummary[]][] = [
          [trans.__('Waits for you'), list.requests.filter(waitsForReader)],
          [trans.__('Under way'), list.requests.filter(request => !waitsForReader(request) && !isFinal(request))],
          [trans.__('Done'), list.requests.filter(request => !waitsForReader(request) && isFinal(request))]
        ];
        const filled = groups.filter(([, requests]) => requests.length > 0);
        return (
          <>
            {filled.map(([label, requests]) => (
              <div key={label} role="group" aria-label={label}>
                {filled.length > 1 && <h3 className="jp-cbs-Group">{label}</h3>}
                <ul className="jp-cbs-List">
                  {requests.map(request => (
                    <Item
                      key={request.id}
                      summary={request}
                      model={model}
                      open={open === request.id}
                      onToggle={() => setOpen(open === request.id ? null : request.id)}
                    />
                  ))}
                </ul>
              </div>
            ))}
          </>
        );
      }}
    </Loaded>
  );
}

/**
 * How many requests wait for this person, for the section's heading.
 */
export function ExportsCount(props: { model: IWorkspaceModel }): JSX.Element | null {
  const { trans, locale } = useSpeech();
  const count = useResource(props.model.exports).value?.requests.filter(waitsForReader).length ?? 0;
  return count === 0 ? null : (
    <Chip tone="warn" sign="●">
      {trans._n('%2 waits for you', '%2 wait for you', count, locale.number(count))}
    </Chip>
  );
}

function waitsForReader(request: ExportSummary): boolean {
  // a draft of one's own is work in hand, not somebody waiting
  return request.allowed_actions.some(step => step.allowed && ['submit', 'approve'].includes(step.action));
}

function isFinal(request: ExportSummary): boolean {
  return FINAL_STATES.includes(request.state);
}

function Empty(props: { model: IWorkspaceModel; onStart: () => void }): JSX.Element {
  const { trans } = useSpeech();
  const { model, onStart } = props;
  const project = useResource(model.project).value;
  if (project?.role === 'checker' || project?.role === 'admin') {
    return <Note>{trans.__('No request has been submitted yet. They appear here by themselves.')}</Note>;
  }
  const permission = model.permission('draft_export');
  if (!permission?.allowed) {
    return <Note>{trans.__('There are no export requests yet.')}</Note>;
  }
  return (
    <Note>
      <p>
        {trans.__(
          'There are no export requests yet. A request starts in a notebook, where the files are chosen and checked.'
        )}
      </p>
      <ActionButton label={trans.__('Open the export panel')} permission={permission} onAct={onStart} />
    </Note>
  );
}

function Item(props: {
  summary: ExportSummary;
  model: IWorkspaceModel;
  open: boolean;
  onToggle: () => void;
}): JSX.Element {
  const { trans, locale } = useSpeech();
  const { summary, model, open, onToggle } = props;
  const bodyId = useId();
  const { sign, tone } = STATE_SIGNS[summary.state];
  return (
    <li className="jp-cbs-Request" data-request={summary.id} data-state={summary.state}>
      <button
        type="button"
        className="jp-cbs-Request-head"
        aria-expanded={open}
        aria-controls={bodyId}
        onClick={onToggle}
      >
        <span className="jp-cbs-Caret" aria-hidden="true" data-open={open} />
        <span className="jp-cbs-Request-title">{summary.title}</span>
        <Chip tone={tone} sign={sign}>
          {summary.state_text}
        </Chip>
      </button>
      <p className="jp-cbs-Request-line jp-cbs-Muted">
        {summary.waiting_for && !isFinal(summary) && <span>{trans.__('waits for %1', summary.waiting_for)}</span>}
        {summary.ready_on !== null && !isFinal(summary) && (
          <span>{trans.__('ready by %1', locale.day(summary.ready_on))}</span>
        )}
        <Age at={summary.changed_at} />
      </p>
      <div id={bodyId} hidden={!open}>
        {open && <Opened model={model} id={summary.id} />}
      </div>
    </li>
  );
}

function Opened(props: { model: IWorkspaceModel; id: string }): JSX.Element {
  const { model, id } = props;
  const request = useResource(model.request(id));
  return (
    <div className="jp-cbs-Request-body">
      <Loaded resource={request} lines={5}>
        {value => (
          <>
            <Steps model={model} request={value} />
            <RequestDetails request={value} />
          </>
        )}
      </Loaded>
    </div>
  );
}

function Steps(props: { model: IWorkspaceModel; request: ExportRequest }): JSX.Element | null {
  const speech = useSpeech();
  const { trans } = speech;
  const { model, request } = props;
  const [busy, setBusy] = useState(false);
  const project = useResource(model.project).value;
  const shown = (project && WORTH_SHOWING[project.role]?.[request.state]) ?? [];
  const steps = STEPS.flatMap(name =>
    request.allowed_actions.filter(step => step.action === name && (step.allowed || shown.includes(name)))
  );
  if (isFinal(request)) {
    return null;
  }
  if (project?.role === 'viewer') {
    return <p className="jp-cbs-Muted">{trans.__('As a viewer you read along; the steps are taken by the others.')}</p>;
  }
  if (steps.length === 0) {
    return null;
  }
  const primary = steps.find(step => step.allowed && FORWARD.includes(step.action))?.action;
  const take = async (action: ExportAction): Promise<void> => {
    setBusy(true);
    try {
      await takeStep(model, request, action, speech);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="jp-cbs-Actions" role="group" aria-label={trans.__('Steps')}>
      {steps.map(step => (
        <ActionButton
          key={step.action}
          label={actionName(step.action as ExportAction, trans)}
          permission={step}
          primary={step.action === primary}
          busy={busy}
          onAct={() => void take(step.action as ExportAction)}
        />
      ))}
    </div>
  );
}
