import { Notification } from '@jupyterlab/apputils';
import { GatewayError, type ExportAction, type ExportRequest } from '../api';
import type { ISpeech } from '../components/context';
import { tell } from '../notifications/tell';
import type { IWorkspaceModel } from '../tokens';
import { askStep, type IStepInput, type IStepQuestion } from './dialogs';

/**
 * Take a step of the workflow: ask what it needs, send it, and ask again when the PIN or the reason will not do.
 *
 * @param model - The workspace.
 * @param request - The request as the person sees it; version and digest are sent with the step.
 * @param action - The step.
 * @param speech - The reader's words.
 */
export async function takeStep(
  model: IWorkspaceModel,
  request: ExportRequest,
  action: ExportAction,
  speech: ISpeech
): Promise<void> {
  const { trans } = speech;
  const question = questionFor(action, request, speech);
  let problem: string | undefined;
  let reason = '';
  for (;;) {
    let input: IStepInput | null = { reason: '', pin: '' };
    if (question) {
      input = await askStep({ ...question, problem, reason }, speech);
      if (input === null) {
        return;
      }
      reason = input.reason;
      problem = missing(question, input, speech);
      if (problem !== undefined) {
        continue;
      }
    }
    try {
      await model.act(request.id, action, {
        version: request.version,
        digest: request.digest,
        reason: input.reason,
        pin: question?.pin ? input.pin : null
      });
      return;
    } catch (error) {
      if (!(error instanceof GatewayError)) {
        throw error;
      }
      if (error.needsPin && question?.pin) {
        problem = error.sentence;
        continue;
      }
      tell(error.sentence, 'error', trans, { autoClose: false });
      if (error.status === 409) {
        Notification.info(trans.__('The request was fetched again; look at it before you decide.'), {
          autoClose: 8000
        });
      }
      return;
    }
  }
}

/** What is asked before a step; null when it is simply done. */
function questionFor(action: ExportAction, request: ExportRequest, speech: ISpeech): IStepQuestion | null {
  const { trans } = speech;
  switch (action) {
    case 'submit':
      if (request.state === 'cost_pending') {
        return {
          request,
          title: trans.__('Agree with the extra cost?'),
          text: trans.__(
            'The check takes longer than the standard time. When you agree, it goes on for the price below.'
          ),
          accept: trans.__('Agree'),
          pin: true
        };
      }
      return {
        request,
        title: trans.__('Submit to output control?'),
        text: trans.__(
          'The files are frozen as they are now, and two checkers of the office decide. Nothing in the workspace can change them after this.'
        ),
        accept: trans.__('Submit'),
        pin: true
      };
    case 'return':
      return {
        request,
        title: trans.__('Return to the author?'),
        text: trans.__('The request becomes a draft again; the author reads your reason.'),
        accept: trans.__('Return'),
        reasonLabel: trans.__('Reason')
      };
    case 'approve':
      return {
        request,
        title: trans.__('Approve this output?'),
        text: trans.__(
          'You approve exactly the bytes with this digest. Release needs two approvals of different checkers.'
        ),
        accept: trans.__('Approve'),
        pin: true
      };
    case 'reject':
      return {
        request,
        title: trans.__('Reject this output?'),
        text: trans.__('The author and the project leader read your reason; nothing is released.'),
        accept: trans.__('Reject'),
        warn: true,
        reasonLabel: trans.__('Reason'),
        pin: true
      };
    case 'withdraw':
      return {
        request,
        title: trans.__('Withdraw this request?'),
        text: trans.__('It ends here and cannot be taken up again; your files stay in the workspace.'),
        accept: trans.__('Withdraw'),
        warn: true
      };
    case 'propose':
    case 'edit':
      return null;
  }
}

function missing(question: IStepQuestion, input: IStepInput, speech: ISpeech): string | undefined {
  const { trans } = speech;
  if (question.reasonLabel && input.reason === '') {
    return trans.__('Write a reason; the others go by it.');
  }
  if (question.pin && input.pin === '') {
    return trans.__('Type your PIN.');
  }
  return undefined;
}
