import { dirname } from 'node:path';
import jupyter from '@jupyter/eslint-plugin';
import jsdoc from 'eslint-plugin-jsdoc';
import tseslint from 'typescript-eslint';

/** Rules of the front end: type-aware TypeScript, JupyterLab's own, and a comment on everything that is exported. */
export default tseslint.config(
  { ignores: ['labextension/src/api/types.ts', 'labextension/lib/**'] },
  { plugins: { jupyter } },
  ...jupyter.configs.recommended,
  {
    files: ['labextension/src/**/*.{ts,tsx}'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: 'tsconfig.json', tsconfigRootDir: dirname(import.meta.dirname) } },
    plugins: { jsdoc },
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/naming-convention': [
        'error',
        { selector: 'interface', format: ['PascalCase'], custom: { regex: '^I[A-Z]', match: true } }
      ],
      '@typescript-eslint/no-namespace': 'off',
      '@typescript-eslint/no-redeclare': 'off',
      // Lumino's signals take the method and its object apart
      '@typescript-eslint/unbound-method': 'off',
      'jsdoc/require-jsdoc': [
        'error',
        {
          publicOnly: true,
          require: { ClassDeclaration: true, FunctionDeclaration: true },
          contexts: ['TSInterfaceDeclaration', 'TSTypeAliasDeclaration', 'ExportNamedDeclaration > VariableDeclaration']
        }
      ],
      // all views are in the panel, which is there from the start; the whole bundle is smaller than one more request
      'jupyter/prefer-lazy-imports': 'off',
      'no-console': 'error',
      eqeqeq: 'error'
    }
  }
);
