import React, { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { Chip } from '../components/basics';
import { useSpeech } from '../components/context';
import { yearsOf, type IRow } from './rows';

/** Pause after which typed letters start a new word. */
const TYPE_AHEAD_MS = 600;

/**
 * The tree of the catalogue, after the WAI-ARIA pattern: one tab stop, arrows move and unfold, letters jump.
 */
export function Tree(props: {
  label: string;
  rows: readonly IRow[];
  selected: string | null;
  onSelect: (key: string) => void;
  onToggle: (key: string, open: boolean) => void;
  onAct: (row: IRow) => void;
}): JSX.Element {
  const { rows, selected, onSelect, onToggle, onAct } = props;
  const tree = useRef<HTMLUListElement>(null);
  const [focusOn, setFocusOn] = useState<string | null>(null);
  const typed = useRef({ text: '', at: 0 });
  const current = rows.some(row => row.key === selected) ? selected : (rows[0]?.key ?? null);

  useEffect(() => {
    if (focusOn !== null) {
      tree.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(focusOn)}"]`)?.focus();
      setFocusOn(null);
    }
  }, [focusOn]);

  const go = (row: IRow | undefined): void => {
    if (row) {
      onSelect(row.key);
      setFocusOn(row.key);
    }
  };

  const jump = (letter: string, from: number): void => {
    const now = Date.now();
    const fresh = now - typed.current.at > TYPE_AHEAD_MS;
    const text = (fresh ? '' : typed.current.text) + letter.toLowerCase();
    typed.current = { text, at: now };
    // a new letter looks past the current row, a longer word may stay on it
    const start = fresh ? from + 1 : from;
    const order = [...rows.slice(start), ...rows.slice(0, start)];
    go(order.find(row => row.name.toLowerCase().startsWith(text)));
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const index = rows.findIndex(row => row.key === current);
    const row = rows[index];
    if (!row || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    switch (event.key) {
      case 'ArrowDown':
        go(rows[index + 1]);
        break;
      case 'ArrowUp':
        go(rows[index - 1]);
        break;
      case 'Home':
        go(rows[0]);
        break;
      case 'End':
        go(rows[rows.length - 1]);
        break;
      case 'ArrowRight':
        if (row.expanded === false) {
          onToggle(row.key, true);
        } else if (row.expanded) {
          go(rows[index + 1]);
        }
        break;
      case 'ArrowLeft':
        if (row.expanded) {
          onToggle(row.key, false);
        } else {
          go(rows.find(other => other.key === row.parent));
        }
        break;
      case 'Enter':
        if (event.shiftKey) {
          onAct(row);
        } else if (row.expanded !== null) {
          onToggle(row.key, !row.expanded);
        }
        break;
      case ' ':
        if (row.expanded !== null) {
          onToggle(row.key, !row.expanded);
        }
        break;
      case '*':
        for (const sibling of rows) {
          if (sibling.parent === row.parent && sibling.expanded === false) {
            onToggle(sibling.key, true);
          }
        }
        break;
      default:
        if (event.key.length !== 1) {
          return;
        }
        jump(event.key, index);
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <ul className="jp-cbs-Tree" role="tree" aria-label={props.label} ref={tree} onKeyDown={onKeyDown}>
      {rows.map(row => (
        <li
          key={row.key}
          role="treeitem"
          className="jp-cbs-TreeRow"
          data-key={row.key}
          data-level={row.level}
          data-kind={row.kind}
          data-dataset={row.kind === 'dataset' ? row.name : undefined}
          aria-level={row.level}
          aria-posinset={row.position}
          aria-setsize={row.size}
          aria-expanded={row.expanded ?? undefined}
          aria-selected={row.key === selected}
          tabIndex={row.key === current ? 0 : -1}
          onClick={() => {
            go(row);
            if (row.expanded !== null) {
              onToggle(row.key, !row.expanded);
            }
          }}
        >
          <span className="jp-cbs-Caret" aria-hidden="true" data-open={row.expanded ?? undefined} />
          <RowLabel row={row} />
        </li>
      ))}
    </ul>
  );
}

function RowLabel(props: { row: IRow }): JSX.Element {
  const { trans, locale } = useSpeech();
  const { row } = props;
  switch (row.kind) {
    case 'theme':
      return <span>{row.name}</span>;
    case 'topic':
      return (
        <span>
          {row.name} {yearsOf(row.files) && <Chip tone="info">{yearsOf(row.files)}</Chip>}{' '}
          <span className="jp-cbs-Muted">{row.files[0]?.title}</span>
        </span>
      );
    case 'dataset':
      return (
        <span>
          <code>{row.name}</code>{' '}
          <span className="jp-cbs-Muted">
            {trans._n('%2 row', '%2 rows', row.dataset?.rows ?? 0, locale.number(row.dataset?.rows ?? 0))}
          </span>{' '}
          {row.dataset?.newest && row.position === 1 && row.size > 1 && (
            <Chip tone="ok" title={trans.__('Also readable under the name of its topic')}>
              {trans.__('newest')}
            </Chip>
          )}
        </span>
      );
    case 'variable':
      return <VariableLabel row={row} />;
    case 'pending':
      return <span className="jp-cbs-Muted jp-cbs-Late">{trans.__('Loading variables …')}</span>;
    case 'failed':
      return <span className="jp-cbs-Bad">✕ {row.name}</span>;
  }
}

/** How much of the codes is named in the row itself; all of them are in the details. */
const CODES_IN_ROW = 3;
const LETTERS_IN_ROW = 40;

function VariableLabel(props: { row: IRow }): JSX.Element {
  const { trans } = useSpeech();
  const variable = props.row.variable;
  const codes = Object.entries(variable?.codes ?? {});
  const named: string[] = [];
  for (const [code, label] of codes.slice(0, CODES_IN_ROW)) {
    const text = `${code} ${label}`;
    if (named.join(', ').length + text.length > LETTERS_IN_ROW) {
      break;
    }
    named.push(text);
  }
  return (
    <span>
      <code>{props.row.name}</code>{' '}
      {variable?.role === 'identifier' && (
        <Chip tone="bad" sign="✕" title={trans.__('Identifies persons or businesses; it never leaves the workspace')}>
          {trans.__('never exported')}
        </Chip>
      )}{' '}
      <span className="jp-cbs-Muted">
        {variable?.label}
        {named.length > 0 && ` · ${named.join(', ')}${codes.length > named.length ? ' …' : ''}`}
      </span>
    </span>
  );
}
