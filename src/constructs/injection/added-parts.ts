/** The containers and volumes that injection adds to a pod, after the user's last patch. */
import { parsePatch, patched } from '../props/json-patch.js';
import type { ResolvedProps } from '../props/resolve.js';
import { installer, type ShipperRun, shipper, volumes } from './shipper.js';
import type { Container, PodSpec } from './workload.js';

export interface AddedParts {
  readonly shipper: Container;
  /** Absent with an image volume. */
  readonly installer?: Container;
  readonly volumes: NonNullable<PodSpec['volumes']>;
}

/** @throws if the patch does not apply, or changes a name, by which the injection is removed */
export function addedParts(props: ResolvedProps, run: ShipperRun): AddedParts {
  const parts = {
    shipper: shipper(props, run),
    ...(!props.isImageVolume && { installer: installer(props, run) }),
    volumes: volumes(props),
  };
  const { patch } = props.shipper;
  if (patch === undefined) return parts;
  const before = { ...parts, volumes: Object.fromEntries(parts.volumes.map((volume) => [volume.name, volume])) };
  try {
    const after = patched(before, parsePatch('shipper.patch', patch));
    if (JSON.stringify(namesOf(before)) !== JSON.stringify(namesOf(after))) {
      throw new Error('the names of the containers and volumes must stay, and no volume may be added or removed');
    }
    return { ...after, volumes: Object.values(after.volumes) };
  } catch (error) {
    throw new Error(`'shipper.patch' does not apply: ${(error as Error).message}: correct it`);
  }
}

/** The added containers in the order of their start. */
export const containersOf = ({ installer: before, shipper: own }: AddedParts) =>
  before === undefined ? [own] : [before, own];

type Named = { readonly name?: unknown } | null | undefined;
const namesOf = (parts: Readonly<Partial<Record<keyof AddedParts, any>>>) => [
  Object.keys(parts ?? {}).sort(),
  parts?.shipper?.name,
  parts?.installer?.name,
  Object.entries<Named>(parts?.volumes ?? {})
    .map(([key, volume]) => [key, volume?.name])
    .sort(),
];
