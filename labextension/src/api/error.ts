import type { ErrorBody } from './index';

/** Nobody answered, or a proxy says so. Other 503s are about one request, and say so by their code. */
const UNREACHABLE_STATUSES = [0, 502];
const UNREACHABLE_CODES = ['broker_down', 'unknown_answer'];

/** Codes of refusals to a page whose log-in is over, here or in another tab. */
export const LOGIN_OVER_CODES = ['session_ended', 'not_logged_in'];

/**
 * A request that was not answered as asked: what happened and why, and what to do.
 */
export class GatewayError extends Error {
  /**
   * Make the error.
   *
   * @param body - What the gateway said; `status` 0 means that nobody answered.
   */
  constructor(body: Pick<ErrorBody, 'kind' | 'code' | 'status' | 'message'> & Partial<ErrorBody>) {
    super(body.message);
    this.name = 'GatewayError';
    this.kind = body.kind;
    this.code = body.code;
    this.status = body.status;
    this.remedy = body.remedy ?? null;
  }

  /** Name of the error's type, e.g. `NotFound`. */
  readonly kind: string;

  /** Stable reason code, e.g. `unknown_dataset`. */
  readonly code: string;

  /** HTTP status; 0 when nobody answered. */
  readonly status: number;

  /** What the reader can do about it. */
  readonly remedy: string | null;

  /** Whether the workspace server or the broker is out of reach, rather than refusing. */
  get isUnreachable(): boolean {
    return UNREACHABLE_STATUSES.includes(this.status) || (this.status === 503 && UNREACHABLE_CODES.includes(this.code));
  }

  /** Whether the act needs the person's PIN, or another one. */
  get needsPin(): boolean {
    return this.status === 401 && this.kind === 'StepUpRequired';
  }

  /** Whether the refusal is only for want of a log-in: after a new one it holds no longer. */
  get isLoginOver(): boolean {
    return this.status === 403 && LOGIN_OVER_CODES.includes(this.code);
  }

  /** Message and remedy as one paragraph. */
  get sentence(): string {
    return this.remedy ? `${this.message} ${this.remedy}` : this.message;
  }
}
