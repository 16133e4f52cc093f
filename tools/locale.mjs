// Keeps the Dutch catalogue in step with the sources: every literal in trans.__ and trans._n, and the titles and
// descriptions of the settings' schemas.
//
// Without arguments the .po file is rewritten: new messages come in empty, messages nobody uses go. With --check
// nothing is written; a missing, unused or untranslated message, or one whose placeholders differ, is an error.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { po } from 'gettext-parser';
import ts from 'typescript';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, 'labextension', 'src');
const schemas = join(root, 'labextension', 'schema');
const catalogue = join(root, 'jupyter_cbs', 'locale', 'nl_NL', 'LC_MESSAGES', 'jupyter_cbs.po');
const check = process.argv.includes('--check');

/** All messages of the front end: id → { plural, references, context }. */
function extract() {
  const found = new Map();
  const add = (id, reference, { plural = null, context = '' } = {}) => {
    const key = `${context}\u0004${id}`;
    const entry = found.get(key) ?? { id, context, plural, references: new Set() };
    entry.plural ??= plural;
    entry.references.add(reference);
    found.set(key, entry);
  };
  for (const path of readdirSync(source, { recursive: true })) {
    if (!/\.tsx?$/.test(path) || path.endsWith('.d.ts')) {
      continue;
    }
    const file = join(source, path);
    const reference = relative(root, file);
    const tree = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
    const visit = node => {
      if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
        const name = node.expression.name.text;
        const literals = node.arguments.filter(ts.isStringLiteralLike).map(literal => literal.text);
        if (name === '__' && literals.length > 0) {
          add(literals[0], reference);
        } else if (name === '_n' && literals.length > 1) {
          add(literals[0], reference, { plural: literals[1] });
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(tree);
  }
  for (const name of readdirSync(schemas)) {
    const { title, description } = JSON.parse(readFileSync(join(schemas, name), 'utf8'));
    const reference = relative(root, join(schemas, name));
    add(title, reference, { context: 'schema' });
    add(description, reference, { context: 'schema' });
  }
  return found;
}

/** The placeholders of a message, sorted; a plural's singular may leave the number out. */
const placeholders = text =>
  [...text.matchAll(/%\d/g)]
    .map(match => match[0])
    .sort()
    .join();

const parsed = po.parse(readFileSync(catalogue));
const present = new Map();
for (const [context, messages] of Object.entries(parsed.translations)) {
  for (const [id, message] of Object.entries(messages)) {
    if (id !== '') {
      present.set(`${context}\u0004${id}`, message);
    }
  }
}

const wanted = extract();
const complaints = [];
const translations = { '': { '': parsed.translations[''][''] } };
for (const [key, entry] of [...wanted].sort(([a], [b]) => (a < b ? -1 : 1))) {
  const message = present.get(key);
  const forms = entry.plural === null ? 1 : 2;
  const msgstr = message?.msgstr.length === forms ? message.msgstr : Array(forms).fill('');
  if (msgstr.some(text => text === '')) {
    complaints.push(`not translated: ${entry.id}`);
  } else if (placeholders(msgstr.at(-1)) !== placeholders(entry.plural ?? entry.id)) {
    complaints.push(`placeholders differ: ${entry.id}`);
  }
  (translations[entry.context] ??= {})[entry.id] = {
    msgctxt: entry.context || undefined,
    msgid: entry.id,
    msgid_plural: entry.plural ?? undefined,
    msgstr,
    comments: { reference: [...entry.references].sort().join('\n') }
  };
}
for (const key of present.keys()) {
  if (!wanted.has(key)) {
    complaints.push(`not used any more: ${key.slice(1)}`);
  }
}

if (!check) {
  parsed.translations = translations;
  writeFileSync(catalogue, po.compile(parsed, { foldLength: 0 }).toString() + '\n');
}
for (const complaint of complaints) {
  process.stderr.write(complaint + '\n');
}
process.exitCode = check && complaints.length > 0 ? 1 : 0;
