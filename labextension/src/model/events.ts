import type { Event } from '@jupyterlab/services';
import type { GatewayEvent } from '../api';

/** Schema of the changes the workspace server passes on from the broker. */
export const CHANGE_SCHEMA = 'https://schema.jupyter-cbs.org/events/change/v1';

const TOPICS = ['project', 'catalogue', 'quota', 'exports', 'policy', 'broker'];
const LEVELS = ['info', 'success', 'warning', 'error'];

/**
 * Read a change from Jupyter's event stream.
 *
 * @param emission - An event of any extension.
 * @param language - BCP 47 tag of the reader.
 * @returns The change, or null when the event is not one of ours.
 */
export function readChange(emission: Event.Emission, language: string): GatewayEvent | null {
  const { topic, id, text, level } = emission;
  if (emission.schema_id !== CHANGE_SCHEMA || typeof topic !== 'string' || !TOPICS.includes(topic)) {
    return null;
  }
  return {
    topic: topic as GatewayEvent['topic'],
    id: typeof id === 'string' ? id : null,
    text: say(text, language),
    level: typeof level === 'string' && LEVELS.includes(level) ? (level as GatewayEvent['level']) : 'info'
  };
}

/** A text of the stream: one string, or one in each language because the stream has no language of its own. */
function say(text: unknown, language: string): string | null {
  if (typeof text === 'string') {
    return text === '' ? null : text;
  }
  if (typeof text === 'object' && text !== null) {
    const texts = text as Record<string, unknown>;
    return say(language.startsWith('nl') ? texts.nl : texts.en, language);
  }
  return null;
}
