/** Placeholders in names of log groups, log streams, indices and entities: `{label:app}`, `{annotation:team}`, `{field:tier}`. */

const PLACEHOLDER = /\{(label|annotation|field):([A-Za-z0-9][\w./-]{0,316})\}/g;

export interface Placeholder {
  readonly kind: 'label' | 'annotation' | 'field';
  readonly name: string;
}

export const placeholdersOf = (text: string): readonly Placeholder[] =>
  [...text.matchAll(PLACEHOLDER)].map(([, kind, name]) => ({ kind: kind as Placeholder['kind'], name: name! }));

export const replacePlaceholders = (text: string, read: (placeholder: Placeholder) => string): string =>
  text.replace(PLACEHOLDER, (_, kind: Placeholder['kind'], name: string) => read({ kind, name }));

/** A name with a letter in the place of each placeholder: for rules about the rest. */
export const withoutPlaceholders = (text: string): string => text.replace(PLACEHOLDER, 'x');
