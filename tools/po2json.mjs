// Compiles jupyter_cbs/locale/*/LC_MESSAGES/*.po to the JSON JupyterLab reads (Jed 1.x).
//
// Part of `npm run build:prod`, so that `pip install .` ships it; no gettext tools are needed. With --check
// nothing is written: the files must be there and up to date.
import { readFileSync, readdirSync, writeFileSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { po } from 'gettext-parser';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const locales = join(root, 'jupyter_cbs', 'locale');
const check = process.argv.includes('--check');

/** Turn one parsed catalogue into Jed's object; fuzzy and empty messages stay English. */
function compile(parsed, domain, locale, version) {
  const result = {
    '': {
      domain,
      // JupyterLab matches the tag with a hyphen; with an underscore every string silently stays English
      language: locale.replace('_', '-'),
      plural_forms: parsed.headers['Plural-Forms'],
      version
    }
  };
  for (const [context, messages] of Object.entries(parsed.translations)) {
    for (const [id, message] of Object.entries(messages)) {
      const fuzzy = (message.comments?.flag ?? '').includes('fuzzy');
      if (id && !fuzzy && message.msgstr.every(text => text !== '')) {
        result[context ? `${context}\u0004${id}` : id] = message.msgstr;
      }
    }
  }
  return JSON.stringify(result, null, 1) + '\n';
}

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
let stale = 0;
for (const locale of readdirSync(locales)) {
  const folder = join(locales, locale, 'LC_MESSAGES');
  for (const file of existsSync(folder) ? readdirSync(folder) : []) {
    if (!file.endsWith('.po')) {
      continue;
    }
    const domain = file.slice(0, -'.po'.length);
    const target = join(folder, `${domain}.json`);
    const json = compile(po.parse(readFileSync(join(folder, file))), domain, locale, version);
    if (!check) {
      writeFileSync(target, json);
    } else if (!existsSync(target) || readFileSync(target, 'utf8') !== json) {
      process.stderr.write(`${target} is missing or out of date: npm run build:locale\n`);
      stale = 1;
    }
  }
}
process.exitCode = stale;
