/** JupyterLab cuts a notification off after this many characters. */
const LONGEST = 140;

/**
 * The beginning of a text that fits into a notification: whole sentences, or whole words where those would say little.
 *
 * @param text - What there is to say.
 * @returns The text itself when it fits.
 */
export function headline(text: string): string {
  if (text.length <= LONGEST) {
    return text;
  }
  const sentences = /^.*[.!?](?=\s)/s.exec(text.slice(0, LONGEST + 1))?.[0] ?? '';
  if (sentences.length >= LONGEST / 2) {
    return sentences;
  }
  const start = text.slice(0, LONGEST - 1);
  const end = start.lastIndexOf(' ');
  return `${end > 0 ? start.slice(0, end) : start}…`;
}
