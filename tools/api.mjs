// Generates docs/reference/openapi.json from the gateway's Python types and labextension/src/api/types.ts from that.
//
// With --check nothing is written: the committed files must be what the sources give. The Python that has
// jupyter_cbs is $PYTHON, or `python3`.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';
import prettier from 'prettier';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const check = process.argv.includes('--check');

const HEADER = `/**
 * The gateway's types. Generated from docs/reference/openapi.json by \`npm run api\` in tools/; not edited by hand.
 */
`;

const text = execFileSync(process.env.PYTHON ?? 'python3', ['-m', 'jupyter_cbs.broker.openapi'], {
  cwd: root,
  encoding: 'utf8'
});
const options = await prettier.resolveConfig(join(root, 'labextension', 'src', 'index.ts'), {
  config: join(root, 'tools', 'prettier.config.mjs')
});
const types =
  HEADER + astToString(await openapiTS(JSON.parse(text), { defaultNonNullable: false, alphabetize: false }));
const outputs = {
  'docs/reference/openapi.json': text,
  'labextension/src/api/types.ts': await prettier.format(types, { ...options, parser: 'typescript' })
};

for (const [path, content] of Object.entries(outputs)) {
  const target = join(root, path);
  if (!check) {
    writeFileSync(target, content);
    continue;
  }
  let present = '';
  try {
    present = readFileSync(target, 'utf8');
  } catch {
    // a missing file differs like any other
  }
  if (present !== content) {
    process.stderr.write(`${path} does not follow jupyter_cbs/domain/gateway.py: run \`npm run api\` in tools/\n`);
    process.exitCode = 1;
  }
}
