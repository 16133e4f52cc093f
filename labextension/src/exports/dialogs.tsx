import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import type { Message } from '@lumino/messaging';
import React, { type ReactNode } from 'react';
import { flushSync } from 'react-dom';
import type { ExportRequest } from '../api';
import { SpeechProvider, useSpeech, type ISpeech } from '../components/context';
import { className } from './words';

/** What the person typed. */
export interface IStepInput {
  /** Reason, when one was asked for. */
  reason: string;
  /** Step-up PIN, when it was asked for; held only until the request is sent. */
  pin: string;
}

/** What a dialog of the workflow asks. */
export interface IStepQuestion {
  /** Title of the dialog. */
  title: string;
  /** What will happen, in one or two sentences. */
  text: string;
  /** The request it is about. */
  request: ExportRequest;
  /** Label of the button that does it. */
  accept: string;
  /** Whether that button is a warning one. */
  warn?: boolean;
  /** Ask for a reason, with this label. */
  reasonLabel?: string;
  /** Ask for the PIN. */
  pin?: boolean;
  /** Why the last attempt failed. */
  problem?: string;
  /** A reason that was typed before. */
  reason?: string;
}

/**
 * Ask the person before a step of the workflow.
 *
 * @param question - What to ask.
 * @param speech - The reader's words.
 * @returns What was typed, or null when the person thought better of it.
 */
export async function askStep(question: IStepQuestion, speech: ISpeech): Promise<IStepInput | null> {
  const body = new StepBody(question, speech);
  const accept = { label: question.accept, ariaLabel: question.accept };
  const dialog = new Dialog<IStepInput>({
    title: question.title,
    body,
    buttons: [
      Dialog.cancelButton({ label: speech.trans.__('Cancel') }),
      question.warn ? Dialog.warnButton(accept) : Dialog.okButton(accept)
    ],
    focusNodeSelector: question.reasonLabel ? 'textarea' : question.pin ? 'input' : undefined
  });
  dialog.addClass('jp-cbs-Dialog');
  const result = await dialog.launch();
  return result.button.accept ? result.value : null;
}

class StepBody extends ReactWidget implements Dialog.IBodyWidget<IStepInput> {
  constructor(question: IStepQuestion, speech: ISpeech) {
    super();
    this._question = question;
    this._speech = speech;
    this.addClass('jp-cbs-StepBody');
  }

  getValue(): IStepInput {
    const pin = this.node.querySelector<HTMLInputElement>('input[type="password"]');
    const value = { reason: this.node.querySelector('textarea')?.value.trim() ?? '', pin: pin?.value ?? '' };
    if (pin) {
      // nothing of the PIN stays in the page
      pin.value = '';
    }
    return value;
  }

  /**
   * Show the body at once. JupyterLab's dialog moves the focus into a body of React only when the browser is idle, which a
   * busy one is not for seconds: what is typed meanwhile, a PIN too, would go to the page behind the dialog.
   */
  protected onUpdateRequest(msg: Message): void {
    flushSync(() => super.onUpdateRequest(msg));
    this.renderPromise = undefined;
  }

  protected render(): JSX.Element {
    return (
      <SpeechProvider value={this._speech}>
        <Body {...this._question} />
      </SpeechProvider>
    );
  }

  private readonly _question: IStepQuestion;
  private readonly _speech: ISpeech;
}

function Body(props: IStepQuestion): JSX.Element {
  const { trans } = useSpeech();
  return (
    <>
      <p>{props.text}</p>
      <RequestFacts request={props.request} />
      {props.problem && (
        <p className="jp-cbs-Bad" role="alert">
          ✕ {props.problem}
        </p>
      )}
      {props.reasonLabel && (
        <Field label={props.reasonLabel}>
          <textarea className="jp-cbs-Input" rows={4} maxLength={4000} required defaultValue={props.reason ?? ''} />
        </Field>
      )}
      {props.pin && (
        <Field
          label={trans.__('Your PIN')}
          hint={trans.__('It goes to the broker only, and is neither kept nor seen by a kernel.')}
        >
          <input
            className="jp-cbs-Input"
            type="password"
            inputMode="numeric"
            autoComplete="off"
            name="cbs-step-up"
            maxLength={64}
            required
          />
        </Field>
      )}
    </>
  );
}

function Field(props: { label: string; hint?: string; children: ReactNode }): JSX.Element {
  return (
    <label className="jp-cbs-Field">
      <span className="jp-cbs-Strong">{props.label}</span>
      {props.children}
      {props.hint && <span className="jp-cbs-Muted">{props.hint}</span>}
    </label>
  );
}

/** What a signature is put under: title, files, class, price, date and digest. */
function RequestFacts(props: { request: ExportRequest }): JSX.Element {
  const { trans, locale } = useSpeech();
  const { request } = props;
  return (
    <dl className="jp-cbs-Facts">
      <dt>{trans.__('Request')}</dt>
      <dd>{request.title}</dd>
      <dt>{trans.__('Files')}</dt>
      <dd>{locale.number(request.file_count)}</dd>
      {request.class !== null && (
        <>
          <dt>{trans.__('Class')}</dt>
          <dd>{className(request.class, trans)}</dd>
        </>
      )}
      {request.price_cents !== null && (
        <>
          <dt>{trans.__('Price, indicative')}</dt>
          <dd>{locale.euros(request.price_cents)}</dd>
        </>
      )}
      {request.ready_on !== null && (
        <>
          <dt>{trans.__('Ready by')}</dt>
          <dd>{locale.day(request.ready_on)}</dd>
        </>
      )}
      {request.digest !== null && (
        <>
          <dt>{trans.__('Digest')}</dt>
          <dd>
            <code title={request.digest}>{request.digest.slice(0, 16)}</code>
          </dd>
        </>
      )}
    </dl>
  );
}
