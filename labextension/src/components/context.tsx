import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { createContext, useContext } from 'react';
import { Locale, languageTag } from '../locale';
import { DOMAIN } from '../tokens';

/**
 * Words and notation of the reader.
 */
export interface ISpeech {
  /** Translates. */
  readonly trans: TranslationBundle;
  /** Writes numbers, dates and amounts. */
  readonly locale: Locale;
}

const Speech = createContext<ISpeech | null>(null);

/** Gives all components below it the reader's words and notation. */
export const SpeechProvider = Speech.Provider;

/**
 * Make the words and notation of JupyterLab's language.
 *
 * @param translator - JupyterLab's translator.
 */
export function speechOf(translator: ITranslator): ISpeech {
  return { trans: translator.load(DOMAIN), locale: new Locale(languageTag(translator)) };
}

/**
 * The reader's words and notation.
 */
export function useSpeech(): ISpeech {
  const speech = useContext(Speech);
  if (speech === null) {
    throw new Error('A component of jupyter-cbs is rendered outside SpeechProvider.');
  }
  return speech;
}
