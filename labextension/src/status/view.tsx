import { ReactWidget } from '@jupyterlab/ui-components';
import React, { type ComponentType } from 'react';
import type { AreaUsage } from '../api';
import { SpeechProvider, useSpeech, type ISpeech } from '../components/context';
import { useNow, useResource, useSignal } from '../components/hooks';
import { roleName } from '../project/roles';
import { areaName, usedOfLimit, usedShare } from '../storage/figures';
import type { IWorkspaceModel } from '../tokens';

/** What an item of the status bar shows and does. */
export interface IItemProps {
  /** The workspace. */
  model: IWorkspaceModel;
  /** Opens the panel at a section. */
  open: (section: string) => void;
}

/**
 * An item of the status bar.
 */
export class StatusWidget extends ReactWidget {
  /**
   * Make the item.
   *
   * @param options - The component to show and what it needs.
   */
  constructor(options: IItemProps & { speech: ISpeech; view: ComponentType<IItemProps> }) {
    super();
    this._options = options;
    this.addClass('jp-cbs-Status');
  }

  protected render(): JSX.Element {
    const { speech, view: View, model, open } = this._options;
    return (
      <SpeechProvider value={speech}>
        <View model={model} open={open} />
      </SpeechProvider>
    );
  }

  private readonly _options: IItemProps & { speech: ISpeech; view: ComponentType<IItemProps> };
}

/**
 * Project and role, and the use of both areas.
 */
export function UsageItem(props: IItemProps): JSX.Element | null {
  const { trans } = useSpeech();
  const { model, open } = props;
  const project = useResource(model.project).value;
  const quota = useResource(model.quota).value;
  useSignal(model.brokerChanged);
  if (model.broker === 'down') {
    return (
      <Item
        text={trans.__('! workspace out of reach')}
        title={trans.__('Queries and exports wait; it recovers by itself.')}
        onOpen={() => open('project')}
      />
    );
  }
  return (
    <>
      {project && (
        <Item
          text={`${project.number} ${roleName(project.role, trans)}`}
          title={`${project.number} · ${project.title}\n${project.institution}\n${project.state_text}`}
          onOpen={() => open('project')}
        />
      )}
      {quota && <Usage usage={quota.shared} onOpen={() => open('storage')} />}
      {quota && <Usage usage={quota.personal} onOpen={() => open('storage')} />}
    </>
  );
}

/**
 * Whether the walls around kernels and queries are in force.
 */
export function WallsItem(props: IItemProps): JSX.Element | null {
  const { trans } = useSpeech();
  const project = useResource(props.model.project).value;
  return (
    project && (
      <Item
        text={project.walls_in_force ? trans.__('walls in force ✓') : trans.__('✕ walls not in force')}
        title={project.walls_text}
        quiet={project.walls_in_force}
        onOpen={() => props.open('project')}
      />
    )
  );
}

function Usage(props: { usage: AreaUsage; onOpen: () => void }): JSX.Element {
  const { trans, locale } = useSpeech();
  const now = useNow();
  const { usage } = props;
  const name = areaName(usage.area, trans);
  const share = usedShare(usage);
  const sign = usage.level === 'full' ? '✕ ' : usage.level === 'warning' ? '! ' : '';
  const age =
    usage.measured_at === null
      ? ''
      : '\n' + trans.__('Measured: %1', locale.ago(usage.measured_at, now) ?? trans.__('just now'));
  return (
    <Item
      text={`${sign}${name} ${share === null ? trans.__('not measured yet') : locale.percent(share)}`}
      title={`${name}: ${usedOfLimit(usage, trans, locale)}${age}\n${usage.text}`}
      quiet={sign === ''}
      onOpen={props.onOpen}
    />
  );
}

/** An item; a quiet one gives way in a narrow window, for it tells nothing that asks for somebody. */
function Item(props: { text: string; title: string; quiet?: boolean; onOpen: () => void }): JSX.Element {
  return (
    <button
      type="button"
      className="jp-cbs-Status-item jp-StatusBar-TextItem"
      title={props.title}
      data-quiet={props.quiet}
      onClick={props.onOpen}
    >
      {props.text}
    </button>
  );
}
