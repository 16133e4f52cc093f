import React from 'react';
import type { ProjectSummary } from '../api';
import { Chip, Loaded, Note } from '../components/basics';
import { useSpeech } from '../components/context';
import { useResource } from '../components/hooks';
import type { IWorkspaceModel } from '../tokens';
import { roleName } from './roles';

/** From this many days on, the end of access is pointed out. */
const SOON_DAYS = 30;

/**
 * The project, the person's role and how long access lasts.
 */
export function ProjectView(props: { model: IWorkspaceModel }): JSX.Element {
  const project = useResource(props.model.project);
  return (
    <Loaded resource={project} lines={3}>
      {summary => <Summary summary={summary} />}
    </Loaded>
  );
}

function Summary(props: { summary: ProjectSummary }): JSX.Element {
  const { trans, locale } = useSpeech();
  const { summary } = props;
  const ended = summary.days_left <= 0;
  return (
    <div className="jp-cbs-Project">
      <p className="jp-cbs-Title" data-testid="cbs-project">
        {summary.number} · {summary.title}
      </p>
      <p className="jp-cbs-Muted">{summary.institution}</p>
      <p className="jp-cbs-Muted">
        {trans.__('You are')} <b className="jp-cbs-Strong">{roleName(summary.role, trans)}</b>
        <span title={summary.user}> · {summary.name}</span>
      </p>
      <div className="jp-cbs-Row">
        <span>{trans.__('Access until')}</span>
        <span className="jp-cbs-Row-end">
          {/* the gateway names the first day without access, a person asks for the last one with it */}
          {locale.dayBefore(summary.access_until)}
          {!ended && (
            <>
              {' · '}
              {trans._n('%2 day left', '%2 days left', summary.days_left, locale.number(summary.days_left))}
            </>
          )}
        </span>
      </div>
      {!ended && summary.days_left <= SOON_DAYS && summary.state === 'active' && (
        <Note tone="warn" sign="!">
          {trans.__('Access ends soon. Export what you need in time, or ask for an extension.')}
        </Note>
      )}
      {summary.state !== 'active' && (
        <Note tone="bad" sign="✕">
          {summary.state_text}
        </Note>
      )}
      {summary.notice && (
        <Note tone="warn" sign="!">
          {summary.notice}
        </Note>
      )}
      {summary.role === 'viewer' && (
        <p className="jp-cbs-Muted">
          <Chip tone="info" sign="◦">
            {trans.__('read only')}
          </Chip>{' '}
          {trans.__('As a viewer you may read everything here and change nothing.')}
        </p>
      )}
      {!summary.walls_in_force && (
        <Note tone="bad" sign="✕">
          {summary.walls_text}
        </Note>
      )}
    </div>
  );
}
