/** Options that adjust the injected containers and the pod to a cluster: its quotas, its users, its conventions. */
import { NAMES } from '../../catalog/read-settings.js';
import { parsePatch } from './json-patch.js';
import { must } from './must.js';

/** Resources of the init container that installs the library. It runs for a moment before all other containers. */
export interface InstallerOptions {
  /**
   * Memory that it requests, in MiB.
   *
   * @default - 64, or its limit if the shipper's request equals its limit
   */
  readonly memoryRequestMiB?: number;

  /**
   * Limit on its memory, in MiB.
   *
   * @default 256
   */
  readonly memoryLimitMiB?: number;

  /**
   * CPU that it requests, in thousandths of a core.
   *
   * @default - 10, or that of the shipper if this equals the shipper's limit
   */
  readonly cpuRequestMillis?: number;

  /**
   * Limit on its CPU, in thousandths of a core.
   *
   * @default - that of the shipper
   */
  readonly cpuLimitMillis?: number;
}

/** Adjustments of what injection adds to a pod. */
export interface PodAdjustments {
  /**
   * Limit on the CPU of the injected containers, in thousandths of a core, for namespaces with a quota on limits and for pods of the
   * class Guaranteed. Throttling the shipper fills its buffers.
   *
   * @default - no limit
   */
  readonly cpuLimitMillis?: number;

  /**
   * Disk that the shipper requests for its buffer, its dead letters and its own log, in MiB. If a container of the application has a
   * limit on `ephemeral-storage`, it is also the shipper's limit.
   *
   * @default - no request; as the limit, the files on disk plus 160
   */
  readonly ephemeralStorageMiB?: number;

  /**
   * Resources of the init container that installs the library.
   *
   * @default - 10 thousandths of a core and 64 MiB, with a limit of 256 MiB
   */
  readonly installer?: InstallerOptions;

  /**
   * User of the injected containers, by number. It may not be root.
   *
   * @default 65532
   */
  readonly runAsUser?: number;

  /**
   * Group of the injected containers, by number.
   *
   * @default 65532
   */
  readonly runAsGroup?: number;

  /**
   * Whether the injected containers name their user and group. With `false` the pod or the cluster chooses them, as the
   * constraints `restricted-v2` of OpenShift require.
   *
   * @default true
   */
  readonly fixedUser?: boolean;

  /**
   * Other variables of the shipper, such as `NODE_OPTIONS`. Settings of the shipper belong into `settings`, secrets into the sink.
   *
   * @default - none
   */
  readonly env?: { readonly [name: string]: string };

  /**
   * Labels that the pod template gets. Its own label of the same name stays.
   *
   * @default - none
   */
  readonly labels?: { readonly [name: string]: string };

  /**
   * Annotations that the pod template gets. Its own annotation of the same name stays.
   *
   * @default - none
   */
  readonly annotations?: { readonly [name: string]: string };

  /**
   * Last change of what is injected: a JSON Patch (RFC 6902) as text. Its document has `shipper` and `installer`, the containers, and
   * `volumes`, the volumes by name: `[{"op":"add","path":"/shipper/resources/limits/example.com~1x","value":"1"}]`. Names stay.
   *
   * @default - no change
   */
  readonly patch?: string;
}

/** Two and a half times the kubelet's limit on the shipper's own log. */
const LOG_MIB = 128;
/** Disk space in addition to the bounded files. */
const DISK_MARGIN_MIB = 32;

/** Options with an effect on the disk. */
interface DiskOptions {
  readonly diskBufferMiB?: number;
  readonly deadLettersMiB?: number;
}

/** Size of the volume for the files on disk; 0 without such files. */
export function diskVolumeMiB({ diskBufferMiB = 0, deadLettersMiB = 0 }: DiskOptions): number {
  const disk = diskBufferMiB + deadLettersMiB;
  return disk > 0 ? disk + DISK_MARGIN_MIB : 0;
}

/** Disk that the shipper may use: its volume and its own log. */
export const leastStorageMiB = (options: DiskOptions) => LOG_MIB + diskVolumeMiB(options);

/** Amounts of the shipper, with their defaults. */
interface Amounts extends DiskOptions {
  readonly cpuRequestMillis: number;
  readonly memoryRequestMiB: number;
  readonly memoryLimitMiB: number;
}

const AMOUNTS = [
  ['cpuLimitMillis', 'thousandths of a core'],
  ['ephemeralStorageMiB', 'MiB'],
  ['runAsUser', 'a user, not root'],
  ['runAsGroup', 'a group, not root'],
] as const;

/** Throws unless the adjustments are valid, each by itself and together with the amounts. */
export function checkAdjustments(options: PodAdjustments, amounts: Amounts): void {
  for (const [name, unit] of AMOUNTS) mustBeAmount(`shipper.${name}`, options[name], unit);
  const { cpuLimitMillis: limit, ephemeralStorageMiB: storage } = options;
  const { cpuRequestMillis } = amounts;
  must(
    limit === undefined || limit >= cpuRequestMillis,
    'shipper.cpuLimitMillis',
    limit,
    `be at least the request of ${cpuRequestMillis}: raise it, or lower 'shipper.cpuRequestMillis'`,
  );
  const least = leastStorageMiB(amounts);
  must(
    storage === undefined || storage >= least,
    'shipper.ephemeralStorageMiB',
    storage,
    `be ${least} or more: ${LOG_MIB} for the log of the shipper, the rest for its files`,
  );
  const isUserGiven = options.runAsUser !== undefined || options.runAsGroup !== undefined;
  must(
    options.fixedUser !== false || !isUserGiven,
    'shipper.fixedUser',
    options.fixedUser,
    "not be false with 'shipper.runAsUser' or 'shipper.runAsGroup': leave one of them out",
  );
  checkInstaller(installerAmounts(options, amounts), options.installer ?? {});
  checkEnv(options.env ?? {});
  checkMetadata(options);
  if (options.patch !== undefined) parsePatch('shipper.patch', options.patch);
}

function mustBeAmount(name: string, value: number | undefined, unit: string): void {
  const isWhole = Number.isInteger(value) && value! >= 1;
  must(value === undefined || isWhole, name, value, `be a whole number of ${unit}, 1 or more`);
}

const INSTALLER_CPU_MILLIS = 10;
const INSTALLER_REQUEST_MIB = 64;
const INSTALLER_LIMIT_MIB = 256;

/** Resources of the installer. Only the limit on its CPU may be absent. */
type InstallerAmounts = Record<keyof InstallerOptions, number | undefined>;

/** The resources of the installer. It keeps the pod in the class Guaranteed if the shipper does. */
export function installerAmounts(options: PodAdjustments, amounts: Amounts): InstallerAmounts {
  const { installer = {}, cpuLimitMillis: shipperLimit } = options;
  const isGuaranteed = amounts.cpuRequestMillis === shipperLimit && amounts.memoryRequestMiB === amounts.memoryLimitMiB;
  const cpuLimitMillis = installer.cpuLimitMillis ?? shipperLimit;
  const memoryLimitMiB = installer.memoryLimitMiB ?? INSTALLER_LIMIT_MIB;
  const request = (limit: number | undefined, usual: number) =>
    isGuaranteed ? limit : Math.min(usual, limit ?? usual);
  return {
    cpuLimitMillis,
    memoryLimitMiB,
    cpuRequestMillis: installer.cpuRequestMillis ?? request(cpuLimitMillis, INSTALLER_CPU_MILLIS),
    memoryRequestMiB: installer.memoryRequestMiB ?? request(memoryLimitMiB, INSTALLER_REQUEST_MIB),
  };
}

/** Node and the copy of the library. */
const INSTALLER_LEAST_MIB = 64;

function checkInstaller(amounts: InstallerAmounts, given: InstallerOptions): void {
  mustBeAmount('shipper.installer.cpuRequestMillis', given.cpuRequestMillis, 'thousandths of a core');
  mustBeAmount('shipper.installer.cpuLimitMillis', given.cpuLimitMillis, 'thousandths of a core');
  mustBeAmount('shipper.installer.memoryRequestMiB', given.memoryRequestMiB, 'MiB');
  const { memoryLimitMiB } = amounts;
  must(
    Number.isInteger(memoryLimitMiB) && memoryLimitMiB! >= INSTALLER_LEAST_MIB,
    'shipper.installer.memoryLimitMiB',
    memoryLimitMiB,
    `be a whole number of MiB, ${INSTALLER_LEAST_MIB} or more`,
  );
  for (const [request, limit] of [
    ['cpuRequestMillis', 'cpuLimitMillis'],
    ['memoryRequestMiB', 'memoryLimitMiB'],
  ] as const) {
    const most = amounts[limit];
    must(
      most === undefined || amounts[request]! <= most,
      `shipper.installer.${request}`,
      amounts[request],
      `be at most the limit of ${most}: lower it, or raise 'shipper.installer.${limit}'`,
    );
  }
}

function checkEnv(env: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(env)) {
    const where = `shipper.env.${name}`;
    must(/^[A-Za-z_]\w*$/.test(name), where, '***', 'have a name of letters, digits and underscores: correct it');
    const isSecret = /PASSWORD|SECRET|TOKEN|CREDENTIAL/i.test(name) || /:\/\/[^/]*@/.test(value);
    must(!isSecret, where, '***', 'not be in a manifest: give the sink the name and key of a Secret');
    const isSetting = NAMES.has(name) || name.startsWith('LOGTAP_') || /^(NODE_NAME|POD_)/.test(name);
    must(!isSetting, where, value, "not be a setting of the shipper: use 'shipper.settings' or its property");
  }
}

const PART = '[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?';
const KEY = new RegExp(`^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?${PART}$`);
const LABEL = new RegExp(`^(${PART})?$`);
/** Annotations and labels that injection writes or reads. */
const OWN = /(^|\.)logtap\.dev\/|^eks\.amazonaws\.com\/skip-containers$/;

function checkMetadata({ labels = {}, annotations = {} }: PodAdjustments): void {
  for (const [kind, map] of Object.entries({ labels, annotations })) {
    for (const [name, value] of Object.entries<string>(map)) {
      const where = `shipper.${kind}.${name}`;
      must(KEY.test(name), where, value, 'have a name as Kubernetes requires it: correct it');
      must(!OWN.test(name), where, value, 'be left to injection: set the property, or annotate the workload');
      must(kind !== 'labels' || LABEL.test(value), where, value, 'be a label of Kubernetes: correct it');
    }
  }
}
