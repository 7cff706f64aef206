/** A phone's store as text: maps are written as {"map": [[key, value], …]}, everything else is JSON. */

import type { PhoneState } from '../../../sync/phone/phone.ts';

export function asText(state: PhoneState): string {
  return JSON.stringify(state, (_, value: unknown) => (value instanceof Map ? { map: [...value] } : value), 1);
}

export function fromText(text: string): PhoneState {
  return JSON.parse(text, (_, value: unknown) => {
    const told = value as { map?: [unknown, unknown][] } | null;
    return typeof told === 'object' && told !== null && Array.isArray(told.map) ? new Map(told.map) : value;
  }) as PhoneState;
}
