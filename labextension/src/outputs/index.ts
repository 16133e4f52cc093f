import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

/** What an output brings along that would reach beyond it. */
const FAR_REACHING = 'iframe[srcdoc], link, style, [popover], [commandfor]';

/**
 * Keeps outputs within their own area.
 *
 * An output of a cell that was run is put into the page as it is. A frame that carries its own text would be a page of this server, in
 * which the server's scripts run: a second JupyterLab, with the plugins and settings that the output names. And a sheet of styles
 * counts for the whole page: it would change what the workspace's own dialogs show, and lay fields over them. Nothing of that is
 * forbidden by a content security policy that lets honest outputs be. `contain: paint` in the product's own styles does the rest.
 */
export const outputsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-cbs:outputs',
  description: 'Keeps styles and frames of outputs within the output.',
  autoStart: true,
  activate: (): void => {
    // what is observed is told before the browser paints, and before a frame is loaded
    new MutationObserver(records => {
      for (const { addedNodes, target } of records) {
        if (target instanceof Element && target.localName === 'style') {
          confineSheet(target);
        }
        addedNodes.forEach(confine);
      }
    }).observe(document.body, { childList: true, subtree: true });
  }
};

/** Confine what was put into the page. JupyterLab's own sheets and frames lie directly in the body, where no output gets. */
function confine(node: Node): void {
  if (!(node instanceof Element)) {
    return;
  }
  const found = [...node.querySelectorAll(FAR_REACHING)];
  if (node.matches(FAR_REACHING)) {
    found.push(node);
  }
  for (const element of found.filter(each => each.isConnected && each.parentElement !== document.body)) {
    if (element.localName === 'link') {
      element.remove();
    } else if (element.localName === 'style') {
      confineSheet(element);
    } else if (element.localName === 'iframe') {
      confineFrame(element as HTMLIFrameElement);
    } else {
      // they are shown above everything, also above a dialog
      element.removeAttribute('popover');
      element.removeAttribute('commandfor');
    }
  }
}

/** Put a frame that shows its own text without any rights in the place of one that may have some: it takes them when it is made. */
function confineFrame(frame: HTMLIFrameElement): void {
  if (frame.getAttribute('sandbox') !== '') {
    const harmless = frame.cloneNode(false) as HTMLIFrameElement;
    harmless.setAttribute('sandbox', '');
    frame.replaceWith(harmless);
  }
}

/** Let the rules of a sheet count for nothing but what lies beside it. */
function confineSheet(sheet: Element): void {
  const text = sheet.textContent ?? '';
  if (text !== '' && 'CSSScopeRule' in window && !isConfined(text)) {
    sheet.textContent = confined(text);
  }
}

/** Whether a text is one scope, whose root is the element the sheet lies in, and holds only what a scope confines. */
function isConfined(text: string): boolean {
  const [scope, ...others] = parsed(text).cssRules;
  if (!(scope instanceof CSSScopeRule) || others.length > 0 || scope.start !== null || scope.end !== null) {
    return false;
  }
  return [...scope.cssRules].every(isConfinable);
}

/** Give the rules of a text that concern elements, within a scope. */
function confined(text: string): string {
  const rules = [...parsed(text).cssRules].filter(isConfinable).map(rule => {
    if (rule instanceof CSSStyleRule) {
      // variables of an output are set where it lies
      rule.selectorText = rule.selectorText.replace(/:root\b/g, ':scope');
    }
    return rule.cssText;
  });
  const scope = `@scope {\n${rules.join('\n')}\n}`;
  return isConfined(scope) ? scope : '';
}

/** Fonts, animations, layers and properties have names that count for the whole page; only rules for elements have a scope. */
function isConfinable(rule: CSSRule): boolean {
  return rule instanceof CSSStyleRule || (rule instanceof CSSConditionRule && [...rule.cssRules].every(isConfinable));
}

function parsed(text: string): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return sheet;
}
