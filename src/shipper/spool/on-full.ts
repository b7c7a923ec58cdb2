/** What happens when the room for held records is used up. */
export const ON_FULL = ['block', 'drop-oldest', 'drop-newest'] as const;
export type OnFull = (typeof ON_FULL)[number];
