import type { ITranslator } from '@jupyterlab/translation';

/**
 * The BCP 47 tag of JupyterLab's language.
 *
 * @param translator - JupyterLab's translator.
 * @returns A tag such as `en` or `nl-NL`.
 */
export function languageTag(translator: ITranslator): string {
  const code = translator.languageCode.replace('_', '-');
  return /^[a-z]{2,3}(-|$)/i.test(code) ? code : 'en';
}

/**
 * Writes numbers, amounts, moments and sizes as the reader's language does.
 */
export class Locale {
  /**
   * Make a writer.
   *
   * @param tag - BCP 47 tag; plain English is written the European way.
   */
  constructor(tag: string) {
    this.tag = tag === 'en' ? 'en-GB' : tag;
    this._day = new Intl.DateTimeFormat(this.tag, {
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      year: 'numeric'
    });
    this._moment = new Intl.DateTimeFormat(this.tag, { dateStyle: 'medium', timeStyle: 'short' });
    this._ago = new Intl.RelativeTimeFormat(this.tag, { numeric: 'always' });
  }

  /** The tag in use. */
  readonly tag: string;

  /** A number with at most `digits` decimals. */
  number(value: number, digits = 0): string {
    return new Intl.NumberFormat(this.tag, { maximumFractionDigits: digits }).format(value);
  }

  /** A share of one as a whole percentage that never says 100 % of what is not full, nor 0 % of what is not empty. */
  percent(share: number): string {
    if (share > 0 && share < 0.01) {
      return '<\u00a01\u00a0%';
    }
    const whole = share < 1 ? Math.min(99, Math.round(share * 100)) : Math.round(share * 100);
    return `${this.number(whole)}\u00a0%`;
  }

  /** An amount in whole cents. */
  euros(cents: number): string {
    const digits = cents % 100 === 0 ? 0 : 2;
    const amount = new Intl.NumberFormat(this.tag, { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return `€\u00a0${amount.format(cents / 100)}`;
  }

  /** A date with its weekday, e.g. `Mon 1 Mar 2027`; `date` is an ISO date without a time. */
  day(date: string): string {
    // noon, so that no time zone moves the date
    return this._day.format(new Date(`${date.slice(0, 10)}T12:00:00`)).replace(/^([^\s,]+),/, '$1');
  }

  /** The day before a date, written as {@link day} does: the last day of something that is over on `date`. */
  dayBefore(date: string): string {
    // in UTC, where every day has 24 hours
    return this.day(new Date(Date.parse(date.slice(0, 10)) - 86_400_000).toISOString());
  }

  /** Date and time of a moment. */
  moment(iso: string): string {
    return this._moment.format(new Date(iso));
  }

  /**
   * How long ago a moment was, or null when it was only just.
   *
   * @param iso - The moment.
   * @param now - Milliseconds of the present.
   */
  ago(iso: string, now: number): string | null {
    const seconds = Math.max(0, (now - Date.parse(iso)) / 1000);
    if (seconds < 45) {
      return null;
    }
    const units: [Intl.RelativeTimeFormatUnit, number, number][] = [
      ['minute', 60, 59.5 * 60],
      ['hour', 3600, 23.5 * 3600],
      ['day', 86400, 26 * 86400],
      ['month', 30.44 * 86400, 320 * 86400],
      ['year', 365.25 * 86400, Infinity]
    ];
    const [unit, size] = units.find(([, , below]) => seconds < below)!;
    return this._ago.format(-Math.max(1, Math.round(seconds / size)), unit);
  }

  /**
   * A size in the policy's unit, or a smaller one where that would read as zero.
   *
   * @param bytes - The size.
   * @param unitBytes - 10^9 for GB or 2^30 for GiB.
   */
  size(bytes: number, unitBytes = 1e9): string {
    const [base, suffixes] = unitBytes === 2 ** 30 ? [1024, BINARY] : [1000, DECIMAL];
    let step = suffixes.length - 1;
    // a tenth of a gigabyte still says most in gigabytes; a tenth of a kilobyte does not
    while (step > 0 && bytes < base ** step * (step === 1 ? 1 : 0.1)) {
      step -= 1;
    }
    const value = bytes / base ** step;
    return `${this.number(value, step === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2)}\u00a0${suffixes[step]}`;
  }

  private readonly _day: Intl.DateTimeFormat;
  private readonly _moment: Intl.DateTimeFormat;
  private readonly _ago: Intl.RelativeTimeFormat;
}

const DECIMAL = ['bytes', 'kB', 'MB', 'GB'];
const BINARY = ['bytes', 'KiB', 'MiB', 'GiB'];
