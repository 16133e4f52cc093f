/** JupyterLab's class names are not kebab-case; everything else is the standard. */
export default {
  extends: ['stylelint-config-standard'],
  rules: {
    'selector-class-pattern': [
      '^(jp|lm)-[A-Za-z0-9-]+$',
      { message: 'Classes are .jp-cbs-*, or those of JupyterLab and Lumino.' }
    ],
    'color-named': 'never',
    'color-no-hex': [true, { message: "Colours come from JupyterLab's variables, so that every theme works." }],
    'import-notation': null,
    'no-descending-specificity': null
  }
};
