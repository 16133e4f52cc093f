/** How the front end is written; the same for everyone. */
export default {
  arrowParens: 'avoid',
  printWidth: 120,
  singleQuote: true,
  trailingComma: 'none'
};
