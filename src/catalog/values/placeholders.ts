/** Placeholders in names of services that are one for the whole pod: `{namespace}`, `{label:app}`, `{annotation:team}`, `{field:tier}`. */

const PLACEHOLDER = /\{(?:(label|annotation|field):([A-Za-z0-9][\w./-]{0,316})|namespace)\}/g;

export interface Placeholder {
  readonly kind: 'namespace' | 'label' | 'annotation' | 'field';
  /** Empty for the namespace. */
  readonly name: string;
}

type Named = Exclude<Placeholder['kind'], 'namespace'>;

export const placeholdersOf = (text: string): readonly Placeholder[] =>
  [...text.matchAll(PLACEHOLDER)].map(([, kind, name]) => placeholder(kind, name));

export const replacePlaceholders = (text: string, read: (placeholder: Placeholder) => string): string =>
  text.replace(PLACEHOLDER, (_, kind?: string, name?: string) => read(placeholder(kind, name)));

const placeholder = (kind: string | undefined, name = ''): Placeholder => ({
  kind: (kind as Named) ?? 'namespace',
  name,
});

/** As it is written. */
export const inBraces = ({ kind, name }: Placeholder): string => (name === '' ? `{${kind}}` : `{${kind}:${name}}`);

/** A name with a letter in the place of each placeholder: for rules about the rest. */
export const withoutPlaceholders = (text: string): string => text.replace(PLACEHOLDER, 'x');
