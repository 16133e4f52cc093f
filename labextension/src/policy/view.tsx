import React from 'react';
import type { PolicyProblem } from '../api';
import { Age, Chip, Loaded, Note } from '../components/basics';
import { useSpeech } from '../components/context';
import { useResource } from '../components/hooks';
import type { IWorkspaceModel } from '../tokens';

/**
 * Which policy is in force, and what keeps a newer one out.
 */
export function PolicyView(props: { model: IWorkspaceModel }): JSX.Element {
  const { trans } = useSpeech();
  const policy = useResource(props.model.policy);
  return (
    <Loaded resource={policy} lines={2}>
      {status => (
        <>
          <div className="jp-cbs-Row">
            <span>{trans.__('Policy in force')}</span>
            <span className="jp-cbs-Row-end">
              <code title={status.version}>{status.version.slice(0, 12)}</code>
              {' · '}
              <Age at={status.loaded_at} />
            </span>
          </div>
          {status.problems.length === 0 ? (
            <p className="jp-cbs-Muted">
              <Chip tone="ok" sign="✓">
                {trans.__('up to date')}
              </Chip>{' '}
              {trans.__('The files on disk are the ones in force.')}
            </p>
          ) : (
            <>
              <Note tone="bad" sign="✕" alert>
                {trans.__(
                  'A newer version of the policy was refused, so the version above stays in force. Correct the lines below; it is taken over by itself.'
                )}
              </Note>
              <ul className="jp-cbs-List">
                {status.problems.map((problem, index) => (
                  <Problem key={index} problem={problem} />
                ))}
              </ul>
            </>
          )}
        </>
      )}
    </Loaded>
  );
}

/**
 * How many problems there are, for the section's heading.
 */
export function PolicyCount(props: { model: IWorkspaceModel }): JSX.Element | null {
  const { trans, locale } = useSpeech();
  const count = useResource(props.model.policy).value?.problems.length ?? 0;
  return count === 0 ? null : (
    <Chip tone="bad" sign="✕">
      {trans._n('%2 problem', '%2 problems', count, locale.number(count))}
    </Chip>
  );
}

function Problem(props: { problem: PolicyProblem }): JSX.Element {
  const { trans } = useSpeech();
  const { file, line, field, message, expected } = props.problem;
  return (
    <li className="jp-cbs-Finding" data-tone="bad">
      <span className="jp-cbs-Finding-sign" aria-hidden="true">
        ✕
      </span>
      <div>
        <p>
          <code>{line === null ? file : `${file}:${line}`}</code>
          {field && <span className="jp-cbs-Muted"> {trans.__('field %1', field)}</span>}
        </p>
        <p>{message}</p>
        <p className="jp-cbs-Muted">{expected}</p>
      </div>
    </li>
  );
}
