/** Conditions of rules that hold for the records of some sources and of no others. */
import type { Source } from '../description.js';
import { globsMeet } from './globs-meet.js';

export const fileIs = (path: string) => `file=${/[\s;]/.test(path) ? `"${path}"` : path}`;

/** Conditions that name the records of sources, or `undefined` if records of the others would match them, too. */
export function placesOf(of: readonly Source[], all: readonly Source[]): string[] | undefined {
  const others = all.filter((source) => !of.includes(source));
  if (others.length === 0) return [''];
  if (of.some((source) => others.some((other) => isShared(source, other)))) return undefined;
  return of.flatMap(({ paths, streams, containers }) => [
    ...paths.map(fileIs),
    ...(streams === undefined
      ? []
      : containers
        ? containers.map((name) => `stream!=file container=${name}`)
        : ['stream!=file']),
  ]);
}

/** Whether a record may be of both. */
function isShared(one: Source, other: Source): boolean {
  const isFile = one.paths.some((path) => other.paths.some((each) => globsMeet(path, each)));
  if (isFile || one.streams === undefined || other.streams === undefined) return isFile;
  if (one.containers === undefined || other.containers === undefined) return true;
  return one.containers.some((name) => other.containers!.includes(name));
}
