/** Which lines become one record: in all containers, or by container. */
import type { Data, Description, Source } from '../description.js';
import type { Entry } from '../input.js';
import type { Verdicts } from '../verdicts.js';

interface Decision {
  readonly events: Data;
  readonly entries: readonly Entry[];
  readonly of: readonly Source[];
}

export interface Events {
  readonly events?: Data;
  readonly perContainer?: Readonly<Record<string, { readonly events: Data }>>;
}

/** @param sources those that are captured */
export function eventsOf({ filters }: Description, sources: readonly Source[], verdicts: Verdicts): Events {
  const decisions: Decision[] = [
    ...sources.flatMap((source) =>
      source.events === undefined ? [] : [{ events: source.events, entries: source.eventEntries, of: [source] }],
    ),
    ...filters.flatMap(({ events, selection, section }) => {
      const of = sources.filter(({ tag }) => selection.matches(tag));
      if (events === undefined || (of.length === 0 && sources.length > 0)) return [];
      return [{ events, entries: section.entries.filter(({ key }) => /multiline|regexp/i.test(key)), of }];
    }),
  ];
  const [first, ...others] = decisions;
  if (first === undefined) return {};
  const differ = others.filter(({ events }) => JSON.stringify(events) !== JSON.stringify(first.events));
  // A pattern would join all lines of another source to one record.
  const plain =
    'pattern' in first.events ? sources.filter((source) => !decisions.some(({ of }) => of.includes(source))) : [];
  if (differ.length === 0 && plain.length === 0) return { events: first.events };
  if (decisions.every(({ of }) => of.every(isOfContainer))) return byContainer(decisions, verdicts);
  for (const { entries } of differ)
    for (const entry of entries)
      verdicts.left(entry, 'all records of a container are joined in one way, and another source has decided');
  if (plain.length === 0) return { events: first.events };
  const tags = plain.map(({ tag }) => `'${tag}'`).join(', ');
  for (const entry of first.entries)
    verdicts.left(
      entry,
      `events.pattern would join the lines of ${tags} as well, of which each is a record: the default joins stack traces; set events.pattern if it suits all files`,
    );
  return {};
}

const isOfContainer = ({ containers, paths }: Source) => containers !== undefined && paths.length === 0;

function byContainer(decisions: readonly Decision[], verdicts: Verdicts): Events {
  const perContainer: Record<string, { events: Data }> = {};
  for (const { events, entries, of } of decisions) {
    for (const name of of.flatMap(({ containers = [] }) => containers)) {
      const earlier = perContainer[name];
      if (earlier !== undefined && JSON.stringify(earlier.events) !== JSON.stringify(events)) {
        for (const entry of entries)
          verdicts.left(entry, `another key has decided which lines of the container '${name}' are one record`);
      } else perContainer[name] = { events };
    }
  }
  return { perContainer };
}
