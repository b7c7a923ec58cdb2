/** The neutral description of a log pipeline: every reader makes one, and the writer makes the properties of a tap from it. */
import type { Entry, Section } from './input.js';

/** A property of the result, by its name in logtap.yaml. */
export type Data = Record<string, unknown>;

export interface Source {
  readonly tag: string;
  /** Log files, as the application opens them. */
  readonly paths: readonly string[];
  /** Patterns of files that are not read. */
  readonly excluded: readonly string[];
  /** Standard streams, of a source that reads the log of the container. */
  readonly streams?: 'stdout' | 'stderr' | 'both';
  /** Names of the containers whose streams are read. Absent if they are not known. */
  readonly containers?: readonly string[];
  /** Tags that filters give to a part of the records. */
  readonly later?: readonly string[];
  /** Which lines are one record. */
  readonly events?: Data;
  /** Keys that decided `events`. */
  readonly eventEntries: readonly Entry[];
  readonly section: Section;
}

/** Whether a filter or an output takes the records of a tag. */
export interface Selection {
  /** The key or section that has the pattern. */
  readonly text: string;
  readonly entry?: Entry;
  matches(tag: string): boolean;
  /** Whether records of a tag arrive here at all; without it, those of every tag do. */
  arrives?(tag: string): boolean;
}

export interface Filter {
  readonly selection: Selection;
  /** Conditions of `drop` rules. */
  readonly drops: readonly string[];
  readonly constants: Data;
  readonly rateLimit?: string;
  readonly events?: Data;
  readonly section: Section;
}

export interface Output {
  readonly selection: Selection;
  /** Absent if there is no such sink, or if the output discards its records. */
  readonly sink?: Data;
  /** The tool's name of an output that has no sink. */
  readonly name?: string;
  readonly discards?: boolean;
  readonly section: Section;
}

/** A Secret that the user creates: no secret of the input is written. */
export interface SecretToCreate {
  readonly name: string;
  readonly key: string;
  readonly from: Entry;
}

/** A property that the result needs, and that the input does not tell. */
export interface Gap {
  readonly property: string;
  readonly standIn: string;
  readonly why: string;
}

export class Description {
  readonly sources: Source[] = [];
  readonly filters: Filter[] = [];
  readonly outputs: Output[] = [];
  readonly secrets: SecretToCreate[] = [];
  readonly gaps: Gap[] = [];
  /** Sources whose records go elsewhere than before. */
  readonly routes: string[] = [];
  /** Paths of the sidecar that are others in the containers of the application. */
  readonly paths: string[] = [];
  /** Files beside the configuration that it does not include. */
  readonly unread: string[] = [];
  /** Other properties of the tap, by path. */
  readonly properties = new Map<string, unknown>();
  /** Containers of the input, where it has them. */
  readonly containers: { name: string; image: string }[] = [];

  /** Names a Secret once per origin, and returns its reference. */
  secret(name: string, key: string, from: Entry): { name: string; key: string } {
    if (!this.secrets.some((secret) => secret.name === name && secret.key === key))
      this.secrets.push({ name, key, from });
    return { name, key };
  }

  /** The value, or a stand-in that the user must replace. */
  required(property: string, value: string | undefined, standIn: string): string {
    if (value !== undefined && value !== '') return value;
    const why = 'the input has no usable value';
    if (!this.gaps.some((gap) => gap.property === property)) this.gaps.push({ property, standIn, why });
    return standIn;
  }
}
