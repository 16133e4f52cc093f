import React, { type ReactNode } from 'react';
import type { ExportRequest, FileReport } from '../api';
import { Chip, Note } from '../components/basics';
import { useSpeech } from '../components/context';
import { className, FINAL_STATES, placeOf, STATE_SIGNS, STATUS_SIGNS, statusName, unitName, worstFirst } from './words';

/**
 * Everything the reader may see of a request.
 */
export function RequestDetails(props: { request: ExportRequest }): JSX.Element {
  const { trans } = useSpeech();
  const { request } = props;
  return (
    <>
      {request.open_questions.length > 0 && (
        <Note tone="warn" sign="!">
          <p>{trans.__('Before it can be proposed:')}</p>
          <ul>
            {request.open_questions.map(question => (
              <li key={question}>{question}</li>
            ))}
          </ul>
        </Note>
      )}
      <Terms request={request} />
      <Files request={request} />
      <Form request={request} />
      <Reviews request={request} />
      <History request={request} />
    </>
  );
}

function Part(props: { label: string; children: ReactNode }): JSX.Element {
  return (
    <section className="jp-cbs-Part" aria-label={props.label}>
      <h4>{props.label}</h4>
      {props.children}
    </section>
  );
}

/** Money and dates before they bite. */
function Terms(props: { request: ExportRequest }): JSX.Element {
  const { trans, locale } = useSpeech();
  const { request } = props;
  const unknown = <span className="jp-cbs-Muted">{trans.__('known after the check')}</span>;
  return (
    <>
      <dl className="jp-cbs-Terms">
        <div>
          <dt>{trans.__('Class')}</dt>
          <dd title={request.report?.class_reasons.join('\n')}>
            {request.class === null ? unknown : className(request.class, trans)}
          </dd>
        </div>
        <div>
          <dt>{trans.__('Price, indicative')}</dt>
          <dd>{request.price_cents === null ? unknown : locale.euros(request.price_cents)}</dd>
        </div>
        {!FINAL_STATES.includes(request.state) && (
          <div>
            <dt>{trans.__('Ready by')}</dt>
            <dd>{request.ready_on === null ? unknown : locale.day(request.ready_on)}</dd>
          </div>
        )}
        <div>
          <dt>{trans.__('Round')}</dt>
          <dd>{locale.number(request.round)}</dd>
        </div>
      </dl>
      {request.report?.class_reasons.map(reason => (
        <p key={reason} className="jp-cbs-Fine">
          {reason}
        </p>
      ))}
      {!FINAL_STATES.includes(request.state) && request.report?.cheaper && (
        <p className="jp-cbs-Fine">{request.report.cheaper}</p>
      )}
    </>
  );
}

function Files(props: { request: ExportRequest }): JSX.Element {
  const { trans, locale } = useSpeech();
  const { request } = props;
  const { report, manifest } = request;
  return (
    <Part label={trans.__('Files')}>
      {report === null ? (
        <>
          {request.paths.length === 0 ? (
            <p className="jp-cbs-Muted">
              {trans.__('No files chosen yet. Choose them in the export panel of the notebook.')}
            </p>
          ) : (
            <ul className="jp-cbs-List">
              {request.paths.map(path => (
                <li key={path} className="jp-cbs-Path">
                  {path} <span className="jp-cbs-Muted">{trans.__('not checked yet')}</span>
                </li>
              ))}
            </ul>
          )}
        </>
      ) : (
        <ul className="jp-cbs-List">
          {report.files.map(file => (
            <FileItem key={file.path} file={file} />
          ))}
        </ul>
      )}
      {manifest.length > 0 && (
        <details>
          <summary>
            {trans._n('%2 file frozen', '%2 files frozen', manifest.length, locale.number(manifest.length))}
          </summary>
          <ul className="jp-cbs-List">
            {manifest.map(entry => (
              <li key={entry.path} className="jp-cbs-Path">
                {entry.path} <span className="jp-cbs-Muted">{locale.size(entry.size)}</span>{' '}
                <code title={entry.sha256}>{entry.sha256.slice(0, 12)}</code>
              </li>
            ))}
          </ul>
        </details>
      )}
      {request.digest !== null && (
        <p className="jp-cbs-Fine">
          {trans.__('Digest')}{' '}
          <code className="jp-cbs-Digest" title={trans.__('sha256 of the manifest: this is what people sign')}>
            {request.digest}
          </code>
        </p>
      )}
    </Part>
  );
}

function FileItem(props: { file: FileReport }): JSX.Element {
  const { trans, locale } = useSpeech();
  const { file } = props;
  const { sign, tone } = STATUS_SIGNS[file.status];
  const renamed = file.delivered_as !== null && !file.path.endsWith(`/${file.delivered_as}`);
  return (
    <li className="jp-cbs-File">
      <div className="jp-cbs-File-head">
        <span className="jp-cbs-Path">
          {file.path}
          {renamed && (
            <>
              {' → '}
              <b>{file.delivered_as}</b>
            </>
          )}
        </span>
        <Chip tone={tone} sign={sign}>
          {statusName(file.status, trans)}
        </Chip>
      </div>
      <p className="jp-cbs-Fine">
        {file.type} · {locale.size(file.bytes)}
        {file.cells > 0 && <> · {trans._n('%2 cell', '%2 cells', file.cells, locale.number(file.cells))}</>}
      </p>
      {file.stripped && <p className="jp-cbs-Fine">↻ {file.stripped.text}</p>}
      {file.findings.length > 0 && (
        <ul className="jp-cbs-List">
          {worstFirst(file).map((finding, index) => {
            const found = STATUS_SIGNS[finding.status];
            const place = placeOf(finding, trans);
            return (
              <li key={index} className="jp-cbs-Finding" data-tone={found.tone} title={finding.rule}>
                <span className="jp-cbs-Finding-sign" role="img" aria-label={statusName(finding.status, trans)}>
                  {found.sign}
                </span>
                <div>
                  <p>
                    {place && <span className="jp-cbs-Muted">{place}: </span>}
                    {finding.text}
                  </p>
                  <p className="jp-cbs-Muted">{finding.remedy}</p>
                </div>
              </li>
            );
          })}
        </ul>
      )}
    </li>
  );
}

function Form(props: { request: ExportRequest }): JSX.Element | null {
  const { trans } = useSpeech();
  const { form } = props.request;
  const answers: [string, string][] = [
    [trans.__('Purpose'), form.purpose],
    [trans.__('Description'), form.description],
    [trans.__('Secondary disclosure'), form.secondary_disclosure],
    [trans.__('Relation to earlier output'), form.relation_to_earlier],
    [trans.__('Labels of own data'), form.external_labels],
    [trans.__('About institutions'), form.institutions ? trans.__('yes') : '']
  ];
  const filled = answers.filter(([, answer]) => answer !== '');
  if (filled.length === 0 && form.files.length === 0) {
    return null;
  }
  return (
    <Part label={trans.__('Form')}>
      <details>
        <summary>{trans.__('Answers of the author')}</summary>
        <dl className="jp-cbs-Facts">
          {filled.map(([question, answer]) => (
            <React.Fragment key={question}>
              <dt>{question}</dt>
              <dd>{answer}</dd>
            </React.Fragment>
          ))}
        </dl>
        {form.files.map(file => (
          <div key={file.path} className="jp-cbs-File">
            <p className="jp-cbs-Path">{file.path}</p>
            <p className="jp-cbs-Fine">
              {[file.shows, file.population, file.sources.join(', '), unitName(file.unit, trans), file.unweighted_n]
                .concat(file.weighted ? trans.__('weighted') : [])
                .filter(answer => answer !== '')
                .join(' · ')}
            </p>
          </div>
        ))}
      </details>
    </Part>
  );
}

function Reviews(props: { request: ExportRequest }): JSX.Element | null {
  const { trans, locale } = useSpeech();
  const { reviews } = props.request;
  if (reviews.length === 0) {
    return null;
  }
  return (
    <Part label={trans.__('Reviews')}>
      <ul className="jp-cbs-List">
        {reviews.map((review, index) => (
          <li key={index}>
            {review.decision === null ? (
              <Chip tone="neutral" sign="◐">
                {trans.__('not decided yet')}
              </Chip>
            ) : (
              <Chip
                tone={review.decision === 'approve' ? 'ok' : 'bad'}
                sign={review.decision === 'approve' ? '✓' : '✕'}
              >
                {review.decision === 'approve' ? trans.__('approved') : trans.__('rejected')}
              </Chip>
            )}{' '}
            {review.checker ?? trans.__('checker')}
            {review.at !== null && <span className="jp-cbs-Muted"> · {locale.moment(review.at)}</span>}
            {review.reason && <p className="jp-cbs-Quote">{review.reason}</p>}
          </li>
        ))}
      </ul>
    </Part>
  );
}

function History(props: { request: ExportRequest }): JSX.Element | null {
  const { trans, locale } = useSpeech();
  const { history } = props.request;
  if (history.length === 0) {
    return null;
  }
  return (
    <Part label={trans.__('History')}>
      <details>
        <summary>{trans._n('%2 step', '%2 steps', history.length, locale.number(history.length))}</summary>
        <ol className="jp-cbs-List">
          {[...history].reverse().map((entry, index) => (
            <li key={index}>
              <span aria-hidden="true">{STATE_SIGNS[entry.state].sign} </span>
              {stepDone(entry.action)} <span className="jp-cbs-Muted">{entry.user}</span>
              <span className="jp-cbs-Age"> · {locale.moment(entry.at)}</span>
              {entry.note && <p className="jp-cbs-Quote">{entry.note}</p>}
            </li>
          ))}
        </ol>
      </details>
    </Part>
  );

  function stepDone(action: string): string {
    switch (action) {
      case 'create':
        return trans.__('started by');
      case 'edit':
        return trans.__('changed by');
      case 'propose':
        return trans.__('proposed by');
      case 'return':
        return trans.__('returned by');
      case 'submit':
        return trans.__('submitted by');
      case 'withdraw':
        return trans.__('withdrawn by');
      case 'approve':
        return trans.__('approved by');
      case 'reject':
        return trans.__('rejected by');
      case 'release':
        return trans.__('released by');
      default:
        return action;
    }
  }
}
