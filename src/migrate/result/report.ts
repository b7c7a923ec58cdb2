/** The list of what became of each key, for people, and the head of the result. */
import type { Description } from '../description.js';
import { shownValue } from '../input.js';
import type { Judged } from '../verdicts.js';

const FATES = ['carried over', 'needless', 'not carried over'] as const;

const line = ({ entry, text, fate }: Judged) =>
  `  ${entry.file}:${entry.line}  ${printable(`${entry.owner && `${entry.owner} `}${entry.key}`)} ${shownValue(entry, fate !== 'not carried over')}: ${printable(text)}`;

/** Names of the input could contain line ends and control sequences, which would end the comment. */
const printable = (text: string) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) =>
    JSON.stringify(character)
      .slice(1, -1)
      .replace(/[\u007f-\u9fff]/, '?'),
  );

/** The whole list, and what the user has to do. */
export function report(judged: readonly Judged[], description: Description): string {
  const lists = FATES.map((fate) => {
    const these = judged.filter((each) => each.fate === fate);
    return [`${fate}: ${these.length} of ${judged.length} keys`, ...these.map(line)].join('\n');
  });
  return `${[...lists, ...notes(description), ...tasks(description)].join('\n')}\n`;
}

/** What no single key tells: each list with its title, if it has items. */
function notes({ routes, paths, unread }: Description): string[] {
  const lists: readonly (readonly [string, readonly string[]])[] = [
    ['records that go elsewhere than before:', routes],
    ['files that the application opens by another path than the sidecar, by the volume of the pod:', paths],
    ['not read, because the configuration does not include it:', unread],
  ];
  return lists.flatMap(([title, items]) =>
    items.length === 0 ? [] : [title, ...items.map((item) => `  ${printable(item)}`)],
  );
}

function tasks({ gaps, secrets }: Description): string[] {
  const create = secrets.map(
    ({ name, key, from }) => `  create the Secret '${name}' with the key '${key}' (value: ${from.file}:${from.line})`,
  );
  const complete = gaps.map(({ property, standIn, why }) => `  set ${property} (now '${standIn}'): ${why}`);
  return create.length + complete.length === 0 ? [] : ['to do:', ...create, ...complete];
}

/** Comments at the head of the result: what is missing from it. */
export function head(judged: readonly Judged[], description: Description): string[] {
  const left = judged.filter(({ fate }) => fate === 'not carried over');
  return [
    'Made by `logtap migrate`. Compare it with the original before you use it.',
    ...(left.length > 0 ? ['Not carried over:', ...left.map(line)] : ['Every key was carried over, or is needless.']),
    ...notes(description),
    ...tasks(description),
  ];
}
