import React, { useEffect, useRef, useState } from 'react';
import type { CatalogueListing, DatasetSummary, Variable } from '../api';
import { ActionButton, Chip, Loaded, Note } from '../components/basics';
import { useSpeech } from '../components/context';
import { useResource, useSignal } from '../components/hooks';
import type { IWorkspaceModel } from '../tokens';
import { visibleRows, type IRow } from './rows';
import { Tree } from './tree';

/** Pause in typing after which a search is sent. */
const SEARCH_PAUSE_MS = 200;

/** With at most this many hits the topics of a search are unfolded. */
const UNFOLD_HITS = 12;

/**
 * The catalogue: search, tree, and the details of what is selected.
 */
export function CatalogueView(props: { model: IWorkspaceModel; onInsert: (name: string) => void }): JSX.Element {
  const { trans } = useSpeech();
  const { model, onInsert } = props;
  const catalogue = useResource(model.catalogue);
  const [text, setText] = useState(model.query);

  useEffect(() => {
    const timer = window.setTimeout(() => {
      model.query = text.trim();
    }, SEARCH_PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [text, model]);

  return (
    <>
      <input
        type="search"
        className="jp-cbs-Input"
        value={text}
        placeholder={trans.__('Search data sets, variables, labels')}
        aria-label={trans.__('Search the catalogue')}
        onChange={event => setText(event.target.value)}
      />
      <Loaded resource={catalogue} lines={6}>
        {listing =>
          listing.datasets.length === 0 ? (
            <Empty query={listing.query} onClear={() => setText('')} />
          ) : (
            <Browser model={model} listing={listing} onInsert={onInsert} />
          )
        }
      </Loaded>
    </>
  );
}

/**
 * How many data sets are granted or found, for the section's heading.
 */
export function CatalogueCount(props: { model: IWorkspaceModel }): JSX.Element | null {
  const { trans, locale } = useSpeech();
  const listing = useResource(props.model.catalogue).value;
  if (listing === null) {
    return null;
  }
  const count = listing.datasets.length;
  const words = listing.query
    ? trans._n('%2 found', '%2 found', count, locale.number(count))
    : trans._n('%2 data set', '%2 data sets', count, locale.number(count));
  return (
    <span role="status">
      <Chip tone="info">{words}</Chip>
    </span>
  );
}

function Empty(props: { query: string; onClear: () => void }): JSX.Element {
  const { trans } = useSpeech();
  return props.query ? (
    <Note>
      <p>{trans.__('No granted data set matches “%1”.', props.query)}</p>
      <button type="button" className="jp-cbs-Button" onClick={props.onClear}>
        {trans.__('Clear the search')}
      </button>
    </Note>
  ) : (
    <Note>
      {trans.__('No data sets are granted to this project yet. Your project leader asks for them with the office.')}
    </Note>
  );
}

function Browser(props: {
  model: IWorkspaceModel;
  listing: CatalogueListing;
  onInsert: (name: string) => void;
}): JSX.Element {
  const { trans } = useSpeech();
  const { model, listing, onInsert } = props;
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [selected, setSelected] = useState<string | null>(null);
  const searched = useRef('');

  // a search with few hits shows them; clearing it folds the tree again
  useEffect(() => {
    if (searched.current !== listing.query) {
      searched.current = listing.query;
      const few = listing.query !== '' && listing.datasets.length <= UNFOLD_HITS;
      setOpen(new Set(few ? listing.datasets.flatMap(file => [`theme/${file.theme}`, `topic/${file.topic}`]) : []));
    }
  }, [listing]);

  const opened = listing.datasets.filter(file => open.has(`dataset/${file.name}`));
  const rows = visibleRows(listing, open, name => model.dataset(name));
  const row = rows.find(candidate => candidate.key === selected) ?? null;
  const [, redraw] = useState(0);
  return (
    <>
      {opened.map(file => (
        <Follow key={file.name} model={model} name={file.name} onChange={() => redraw(count => count + 1)} />
      ))}
      <Tree
        label={trans.__('Data sets')}
        rows={rows}
        selected={selected}
        onSelect={setSelected}
        onToggle={(key, isOpen) =>
          setOpen(before => {
            const after = new Set(before);
            if (isOpen) {
              after.add(key);
            } else {
              after.delete(key);
            }
            return after;
          })
        }
        onAct={target => {
          const file = subject(target);
          if (file && model.permission('query')?.allowed) {
            onInsert(file.name);
          }
        }}
      />
      {row && <Details row={row} rows={rows.length} model={model} onInsert={onInsert} />}
    </>
  );
}

/** Draws nothing; tells when the variables of an open file have come. */
function Follow(props: { model: IWorkspaceModel; name: string; onChange: () => void }): null {
  const { model, name, onChange } = props;
  const latest = useRef(onChange);
  latest.current = onChange;
  useEffect(() => {
    const resource = model.dataset(name);
    const tell = (): void => latest.current();
    resource.changed.connect(tell);
    // it may have come between drawing and connecting
    tell();
    return () => {
      resource.changed.disconnect(tell);
    };
  }, [model, name]);
  return null;
}

/** The file a row is about: a topic stands for its newest. */
function subject(row: IRow): DatasetSummary | null {
  return row.dataset ?? (row.kind === 'topic' ? (row.files[0] ?? null) : null);
}

function Details(props: {
  row: IRow;
  rows: number;
  model: IWorkspaceModel;
  onInsert: (name: string) => void;
}): JSX.Element | null {
  const { trans } = useSpeech();
  const { row, rows, model, onInsert } = props;
  const box = useRef<HTMLDivElement>(null);
  useSignal(model.project.changed);
  // who chooses a row sees what is told of it, also below a long tree; the row itself comes first where not both fit
  useEffect(() => {
    const focused = document.activeElement?.closest('.jp-cbs-TreeRow');
    if (focused) {
      box.current?.scrollIntoView({ block: 'nearest' });
      focused.scrollIntoView({ block: 'nearest' });
    }
  }, [row.key, rows]);
  const file = subject(row);
  if (file === null) {
    return null;
  }
  const permission = model.permission('query') ?? { allowed: false, reason: trans.__('Your permissions are loading.') };
  return (
    <div className="jp-cbs-Details" role="group" ref={box} aria-label={trans.__('Details of %1', row.name)}>
      {row.variable ? <VariableDetails variable={row.variable} /> : <FileDetails file={file} />}
      <div className="jp-cbs-Actions">
        <ActionButton label={trans.__('Insert query')} permission={permission} onAct={() => onInsert(file.name)} />
      </div>
    </div>
  );
}

function FileDetails(props: { file: DatasetSummary }): JSX.Element {
  const { trans, locale } = useSpeech();
  const { file } = props;
  return (
    <>
      <p className="jp-cbs-Strong">{file.title}</p>
      <dl className="jp-cbs-Facts">
        <dt>{trans.__('Name')}</dt>
        <dd>
          <code>{file.name}</code>
        </dd>
        {file.period && (
          <>
            <dt>{trans.__('Period')}</dt>
            <dd>{file.period}</dd>
          </>
        )}
        <dt>{trans.__('Size')}</dt>
        <dd>
          {trans._n('%2 row', '%2 rows', file.rows, locale.number(file.rows))}
          {' · '}
          {trans._n('%2 column', '%2 columns', file.columns, locale.number(file.columns))}
        </dd>
      </dl>
    </>
  );
}

function VariableDetails(props: { variable: Variable }): JSX.Element {
  const { trans } = useSpeech();
  const { variable } = props;
  const codes = Object.entries(variable.codes);
  return (
    <>
      <p className="jp-cbs-Strong">
        <code>{variable.name}</code> {variable.label}
      </p>
      <dl className="jp-cbs-Facts">
        <dt>{trans.__('Type')}</dt>
        <dd>
          <code>{variable.type}</code>
          {variable.unit && ` · ${variable.unit}`}
        </dd>
        <dt>{trans.__('Role')}</dt>
        <dd>
          <RoleOf variable={variable} />
        </dd>
        {codes.length > 0 && (
          <>
            <dt>{trans.__('Codes')}</dt>
            <dd>
              <ul className="jp-cbs-Codes" tabIndex={0} aria-label={trans.__('Codes')}>
                {codes.map(([code, label]) => (
                  <li key={code}>
                    <code>{code}</code> {label}
                  </li>
                ))}
              </ul>
            </dd>
          </>
        )}
      </dl>
    </>
  );
}

function RoleOf(props: { variable: Variable }): JSX.Element {
  const { trans } = useSpeech();
  switch (props.variable.role) {
    case 'identifier':
      return (
        <>
          {trans.__('identifier')}{' '}
          <Chip tone="bad" sign="✕">
            {trans.__('never exported')}
          </Chip>
        </>
      );
    case 'institution':
      return <>{trans.__('institution or business')}</>;
    case 'quasi':
      return <>{trans.__('characteristic that can help to recognise somebody')}</>;
    case 'sensitive':
      return <>{trans.__('sensitive characteristic')}</>;
    case 'measure':
      return <>{trans.__('measure')}</>;
  }
}
