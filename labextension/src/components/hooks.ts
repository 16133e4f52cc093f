import type { ISignal } from '@lumino/signaling';
import { useEffect, useReducer, useState } from 'react';
import type { Resource } from '../model/resource';

/**
 * Render again whenever a signal is emitted.
 *
 * @param signal - The signal to follow.
 */
export function useSignal(signal: ISignal<unknown, unknown>): void {
  const [, again] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const slot = () => again();
    signal.connect(slot);
    // what was emitted between rendering and connecting
    again();
    return () => {
      signal.disconnect(slot);
    };
  }, [signal]);
}

/**
 * Follow a resource.
 *
 * @param resource - The resource.
 * @returns The same resource, for the reader's convenience.
 */
export function useResource<T>(resource: Resource<T>): Resource<T> {
  useSignal(resource.changed);
  return resource;
}

/**
 * The present, renewed now and then so that ages stay true.
 *
 * @param everyMs - How often.
 * @returns Milliseconds since the epoch.
 */
export function useNow(everyMs = 15000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), everyMs);
    return () => window.clearInterval(timer);
  }, [everyMs]);
  return now;
}
