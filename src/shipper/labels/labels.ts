/** Labels of every record: static fields, and labels and annotations of the pod, from files of the Downward API. */
import type { Settings } from '../settings.js';
import { ReloadedFile } from '../sinks/reloaded-file.js';

/** The files are read only where names are selected. */
export type LabelSettings = Partial<
  Pick<Settings, 'staticFields' | 'podLabels' | 'podAnnotations' | 'podLabelsFile' | 'podAnnotationsFile'>
>;

/** An annotation may be 256 KiB. */
const VALUE_MAX = 1024;

type Values = Readonly<Record<string, string>>;

interface Source {
  readonly file: ReloadedFile;
  readonly names: readonly string[];
  content?: Buffer;
  values: Values;
}

export class Labels {
  readonly #staticFields: Values;
  readonly #sources: readonly Source[];
  #current: Values | undefined;

  /** Throws a ConfigError where a file cannot be read. */
  constructor({ staticFields = {}, podLabels, podAnnotations, podLabelsFile, podAnnotationsFile }: LabelSettings) {
    this.#staticFields = staticFields;
    this.#sources = [
      ...sourceOf('LOGTAP_POD_LABELS_FILE', podLabelsFile, podLabels),
      ...sourceOf('LOGTAP_POD_ANNOTATIONS_FILE', podAnnotationsFile, podAnnotations),
    ];
  }

  /** Those of now; `undefined` where there are none. The same object until one changes. */
  get current(): Values | undefined {
    let isChanged = this.#current === undefined;
    for (const source of this.#sources) {
      const { content } = source.file;
      if (content === source.content) continue;
      source.content = content;
      source.values = selected(parseDownwardApi(content.toString()), source.names);
      isChanged = true;
    }
    if (isChanged)
      this.#current = Object.assign({}, ...this.#sources.map(({ values }) => values), this.#staticFields) as Values;
    return Object.keys(this.#current!).length === 0 ? undefined : this.#current;
  }
}

function sourceOf(setting: string, path: string | undefined, names: readonly string[] | undefined): readonly Source[] {
  return names === undefined || path === undefined
    ? []
    : [{ file: new ReloadedFile(setting, path), names, values: {} }];
}

function selected(values: ReadonlyMap<string, string>, names: readonly string[]): Values {
  const found = names.map((name) => [name, values.get(name)?.slice(0, VALUE_MAX)] as const);
  return Object.fromEntries(found.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

const PAIR = /^([^\s="]+)="((?:[^"\\]|\\.)*)"$/gm;
const ESCAPE = /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))/gi;
const ESCAPED: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };

/** `key="value"` a line, the value quoted as Go quotes it. */
export function parseDownwardApi(text: string): ReadonlyMap<string, string> {
  return new Map(
    [...text.matchAll(PAIR)].map(([, key, value]) => [
      key!,
      value!.replace(ESCAPE, (_, ...[x, u, wide, character]: (string | undefined)[]) => {
        const code = x ?? u ?? wide;
        return code === undefined
          ? (ESCAPED[character!] ?? character!)
          : String.fromCodePoint(Number.parseInt(code, 16));
      }),
    ]),
  );
}
