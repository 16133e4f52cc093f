import React, { useId, type ReactNode } from 'react';
import type { GatewayError, Permission } from '../api';
import type { Resource } from '../model/resource';
import { useNow } from './hooks';
import { useSpeech } from './context';
import { Explained } from './tooltip';

/** How something stands, apart from the words for it. */
export type Tone = 'neutral' | 'info' | 'ok' | 'warn' | 'bad';

/**
 * Sign and word in one small label; colour only repeats them.
 */
export function Chip(props: { tone: Tone; sign?: string; title?: string; children: ReactNode }): JSX.Element {
  return (
    <span className="jp-cbs-Chip" data-tone={props.tone} title={props.title}>
      {props.sign && <span aria-hidden="true">{props.sign}</span>}
      <span>{props.children}</span>
    </span>
  );
}

/**
 * A button that mirrors a permission of the server: when it is closed it can still be reached, and tells why.
 */
export function ActionButton(props: {
  label: string;
  permission: Pick<Permission, 'allowed' | 'reason'>;
  primary?: boolean;
  busy?: boolean;
  onAct: () => void;
}): JSX.Element {
  const id = useId();
  const { allowed, reason } = props.permission;
  const open = allowed && !props.busy;
  const button = (
    <button
      type="button"
      className={`jp-cbs-Button${props.primary && allowed ? ' jp-mod-primary' : ''}`}
      aria-disabled={!open}
      aria-busy={props.busy || undefined}
      aria-describedby={allowed ? undefined : id}
      onClick={() => {
        if (open) {
          props.onAct();
        }
      }}
    >
      {props.label}
    </button>
  );
  return allowed ? (
    <span className="jp-cbs-Action">{button}</span>
  ) : (
    <Explained id={id} text={reason}>
      {button}
    </Explained>
  );
}

/**
 * A stand-in for a first load; stays invisible for 300 ms so that nothing flickers.
 */
export function Skeleton(props: { lines: number }): JSX.Element {
  const { trans } = useSpeech();
  return (
    <div className="jp-cbs-Skeleton" role="status" aria-label={trans.__('Loading')}>
      {Array.from({ length: props.lines }, (_, index) => (
        <span key={index} />
      ))}
    </div>
  );
}

/**
 * An empty or failed state: what it is, and the next step.
 */
export function Note(props: { tone?: Tone; sign?: string; alert?: boolean; children: ReactNode }): JSX.Element {
  return (
    <div className="jp-cbs-Note" data-tone={props.tone ?? 'neutral'} role={props.alert ? 'alert' : undefined}>
      {props.sign && (
        <span className="jp-cbs-Note-sign" aria-hidden="true">
          {props.sign}
        </span>
      )}
      <div>{props.children}</div>
    </div>
  );
}

/**
 * Why something could not be fetched, with a button to try again unless it recovers by itself.
 */
export function Failure(props: { error: GatewayError; onRetry: () => void }): JSX.Element {
  const { trans } = useSpeech();
  if (props.error.isUnreachable) {
    // the panel's banner says it once for all sections
    return <Note>{trans.__('Not available while the workspace is out of reach.')}</Note>;
  }
  if (props.error.status === 403) {
    // trying again would change nothing
    return <Note>{props.error.sentence}</Note>;
  }
  return (
    <Note tone="bad" sign="✕" alert>
      <p>{props.error.sentence}</p>
      <button type="button" className="jp-cbs-Button" onClick={props.onRetry}>
        {trans.__('Try again')}
      </button>
    </Note>
  );
}

/**
 * Shows a resource in each of its states: a skeleton on the first load, the failure, or the value.
 */
export function Loaded<T>(props: {
  resource: Resource<T>;
  lines: number;
  children: (value: T) => ReactNode;
}): JSX.Element {
  const { resource } = props;
  if (resource.value !== null) {
    return <>{props.children(resource.value)}</>;
  }
  if (resource.error !== null) {
    return <Failure error={resource.error} onRetry={() => void resource.refresh()} />;
  }
  return <Skeleton lines={props.lines} />;
}

/**
 * How long ago something was; keeps itself current, and gives the exact moment as a tooltip.
 */
export function Age(props: { at: string }): JSX.Element {
  const { trans, locale } = useSpeech();
  const now = useNow();
  return (
    <time className="jp-cbs-Age" dateTime={props.at} title={locale.moment(props.at)}>
      {locale.ago(props.at, now) ?? trans.__('just now')}
    </time>
  );
}
