import React, { useEffect, useRef, useState, type ReactNode } from 'react';

/** Least distance in pixels of a tooltip from the edges of the window. */
const MARGIN = 8;

/** Distance in pixels from what it explains. */
const GAP = 4;

/** A rectangle's edges in pixels, as `getBoundingClientRect` gives them. */
type Edges = Pick<DOMRect, 'left' | 'top' | 'bottom'>;

/** Width and height in pixels. */
type Size = Pick<DOMRect, 'width' | 'height'>;

/**
 * Where a tooltip goes: below what it explains, above where there is more room, and inside the window in any case.
 *
 * @param anchor - What it explains.
 * @param tip - Its size.
 * @param room - The size of the window.
 * @returns Its left and upper edge in pixels.
 */
export function placeTooltip(anchor: Edges, tip: Size, room: Size): { left: number; top: number } {
  const below = anchor.bottom + GAP;
  const above = anchor.top - GAP - tip.height;
  const fits = below + tip.height + MARGIN <= room.height;
  const top = fits || room.height - anchor.bottom > anchor.top ? below : above;
  const inside = (start: number, length: number, limit: number): number =>
    Math.max(MARGIN, Math.min(start, limit - length - MARGIN));
  return { left: inside(anchor.left, tip.width, room.width), top: inside(top, tip.height, room.height) };
}

/**
 * Explains a button while the pointer or the focus of the keyboard is on it; Escape closes the explanation.
 *
 * It lies above the whole page, so that no edge of a panel or toolbar cuts it.
 */
export function Explained(props: { id: string; text: string; children: ReactNode }): JSX.Element {
  const { id, text, children } = props;
  const place = useRef<HTMLSpanElement>(null);
  const tip = useRef<HTMLSpanElement>(null);
  const [shown, setShown] = useState(false);

  useEffect(() => {
    const node = tip.current;
    const anchor = place.current?.firstElementChild;
    if (!shown || !node || !anchor) {
      return;
    }
    const follow = (): void => {
      const room = { width: document.documentElement.clientWidth, height: document.documentElement.clientHeight };
      const { left, top } = placeTooltip(anchor.getBoundingClientRect(), node.getBoundingClientRect(), room);
      node.style.left = `${left}px`;
      node.style.top = `${top}px`;
    };
    const close = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') {
        setShown(false);
      }
    };
    // set only now: what comes into the page with it is taken for something that an output brought
    node.setAttribute('popover', 'manual');
    node.showPopover();
    follow();
    window.addEventListener('scroll', follow, true);
    window.addEventListener('resize', follow);
    window.addEventListener('keydown', close, true);
    return () => {
      window.removeEventListener('scroll', follow, true);
      window.removeEventListener('resize', follow);
      window.removeEventListener('keydown', close, true);
      if (node.isConnected) {
        node.hidePopover();
      }
    };
  }, [shown, text]);

  return (
    <span
      className="jp-cbs-Action"
      ref={place}
      onPointerEnter={() => setShown(true)}
      onPointerLeave={() => setShown(false)}
      onFocus={event => setShown(event.target.matches(':focus-visible'))}
      onBlur={() => setShown(false)}
    >
      {children}
      <span id={id} role="tooltip" className="jp-cbs-Tooltip" ref={tip}>
        {text}
      </span>
    </span>
  );
}
