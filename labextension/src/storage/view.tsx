import React, { useEffect, useState } from 'react';
import { GatewayError, type AreaUsage } from '../api';
import { ActionButton, Age, Loaded, Note } from '../components/basics';
import { useSpeech } from '../components/context';
import { useResource } from '../components/hooks';
import type { IWorkspaceModel } from '../tokens';
import { areaName, usedOfLimit, usedShare } from './figures';

/**
 * Both storage areas as gauges.
 */
export function StorageView(props: { model: IWorkspaceModel }): JSX.Element {
  const quota = useResource(props.model.quota);
  return (
    <Loaded resource={quota} lines={4}>
      {status => (
        <>
          <Gauge usage={status.shared} />
          <Gauge usage={status.personal} />
          <MeasureNow model={props.model} />
        </>
      )}
    </Loaded>
  );
}

/**
 * The age of the older of the two measurements, for the section's heading.
 */
export function StorageAge(props: { model: IWorkspaceModel }): JSX.Element | null {
  const { value } = useResource(props.model.quota);
  const moments = [value?.shared.measured_at, value?.personal.measured_at].filter((at): at is string => !!at);
  return moments.length === 0 ? null : <Age at={moments.sort((a, b) => Date.parse(a) - Date.parse(b))[0]} />;
}

/**
 * Measures at once, which a save that is refused for want of a figure asks for; the broker measures by itself now and then.
 */
function MeasureNow(props: { model: IWorkspaceModel }): JSX.Element {
  const { trans } = useSpeech();
  const [isBusy, setBusy] = useState(false);
  const [said, setSaid] = useState('');
  const [error, setError] = useState<GatewayError | null>(null);
  const { quota } = props.model;
  useEffect(() => {
    // a refusal for want of a log-in holds no longer once the figures come in again
    const forget = (): void => setError(was => (was?.isLoginOver && !quota.error ? null : was));
    quota.changed.connect(forget);
    return () => {
      quota.changed.disconnect(forget);
    };
  }, [quota]);
  const measure = async (): Promise<void> => {
    setBusy(true);
    setSaid(trans.__('Measuring …'));
    setError(null);
    try {
      await props.model.measureStorage();
      const status = props.model.quota.value;
      const isComplete = !!status?.shared.measured_at && !!status.personal.measured_at;
      setSaid(isComplete ? trans.__('Measured.') : trans.__('Not everything could be measured.'));
    } catch (reason) {
      setSaid('');
      if (!(reason instanceof GatewayError)) {
        throw reason;
      }
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <div className="jp-cbs-Row jp-cbs-Measure">
        <ActionButton
          label={trans.__('Measure now')}
          permission={{ allowed: true, reason: '' }}
          busy={isBusy}
          onAct={() => void measure()}
        />
        {/* there from the start: a region that comes together with its text is not read out */}
        <span className="jp-cbs-Fine" role="status">
          {said}
        </span>
      </div>
      {error && (
        <Note tone="bad" sign="✕" alert>
          {error.sentence}
        </Note>
      )}
    </>
  );
}

function Gauge(props: { usage: AreaUsage }): JSX.Element {
  const { trans, locale } = useSpeech();
  const { usage } = props;
  const name = areaName(usage.area, trans);
  const words = usedOfLimit(usage, trans, locale);
  const share = usedShare(usage);
  const urgent = usage.level === 'warning' || usage.level === 'full';
  return (
    <div className="jp-cbs-Gauge" data-level={usage.level}>
      <div className="jp-cbs-Row">
        <span>{name}</span>
        <span className="jp-cbs-Row-end" title={usage.text}>
          {words}
        </span>
      </div>
      {/* `progress` has a native role and value, and needs no inline style; unknown stays empty, never zero per cent */}
      {share === null ? (
        <div className="jp-cbs-Gauge-bar jp-cbs-Gauge-unknown" />
      ) : (
        <progress
          className="jp-cbs-Gauge-bar"
          max={1}
          value={Math.min(1, share)}
          aria-label={trans.__('%1 storage', name)}
          aria-valuetext={`${locale.percent(share)}, ${words}`}
        />
      )}
      {urgent && (
        <p className="jp-cbs-Gauge-text">
          <span aria-hidden="true">{usage.level === 'full' ? '✕ ' : '! '}</span>
          {usage.text}
        </p>
      )}
      {usage.files !== null && usage.apparent_bytes !== null && (
        <p className="jp-cbs-Fine">
          {trans._n('%2 file', '%2 files', usage.files, locale.number(usage.files))}
          {' · '}
          {trans.__('%1 in file sizes', locale.size(usage.apparent_bytes, usage.unit_bytes))}
        </p>
      )}
    </div>
  );
}
