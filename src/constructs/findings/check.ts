/** Checks a tap on a workload before anything reaches a cluster. Pure and free of cdk8s. */
import { posix } from 'node:path';
import { remedyFor } from '../../catalog/closest.js';
import { LIBRARY_MOUNT_PATH, MOUNT_PATH } from '../../contract.js';
import { CONTAINERS, EXCLUDE_CONTAINERS } from '../injection/annotations.js';
import { embeddedTemplates } from '../injection/embedded/templates.js';
import { existingPreload, LIBRARY_NAMES } from '../injection/env.js';
import { defaultImage } from '../injection/image.js';
import { madeElsewhere } from '../injection/made-elsewhere.js';
import { listItems } from '../injection/object-list.js';
import { allContainers, type InjectionPlan, planInjection } from '../injection/plan.js';
import { INSTALLER, isOwnVolume, SHIPPER } from '../injection/shipper.js';
import { isWorkload, objectName } from '../injection/workload.js';
import { IMAGE_VOLUME_MINOR, NATIVE_SIDECAR_MINOR } from '../props/log-tap-props.js';
import type { ResolvedProps } from '../props/resolve.js';
import { ExistingPreload, TapStreams } from '../props/tap-options.js';
import { checkAudit } from './check-audit.js';
import { checkBill } from './check-bill.js';
import { checkMesh } from './check-mesh.js';
import { checkNames } from './check-names.js';
import { checkNamespace } from './check-namespace.js';
import { checkPod } from './check-pod.js';
import { checkRecords } from './check-records.js';
import { type Code, type Finding, finding, type Report } from './finding.js';
import { isForWindows } from './windows.js';

/**
 * The findings about a tap on a manifest, without accepted codes. A manifest that is not a workload has none. The items of
 * a list are checked one by one.
 *
 * @param rules LimitRanges and ResourceQuotas that come with the manifest
 * @throws if the manifest does not have the shape that Kubernetes requires
 */
export function check(manifest: any, props: ResolvedProps, rules: readonly any[] = []): Finding[] {
  const items = listItems(manifest);
  if (items !== undefined) return items.flatMap((item) => check(item, props, rules));
  const plan = planInjection(manifest, props);
  if (plan !== undefined) return findingsOf(plan, rules);
  const templates = embeddedTemplates(manifest, props.podTemplates);
  if (templates.length > 0) return templates.flatMap(({ workload }) => check(workload, props, rules));
  const elsewhere = isWorkload(manifest?.apiVersion, manifest?.kind) ? madeElsewhere(manifest) : undefined;
  if (elsewhere === undefined || props.accept.has('LT028')) return [];
  return [finding('LT028', objectName(manifest), elsewhere.reason, elsewhere.remedy)];
}

/** The findings about a plan, without accepted codes. A disabled injection has only findings about its annotations. */
export function findingsOf(plan: InjectionPlan, rules: readonly any[] = []): Finding[] {
  const findings: Finding[] = [];
  const report: Report = (code, message, remedy) => {
    if (!plan.props.accept.has(code)) {
      findings.push(finding(code, objectName(plan.workload), message, remedy));
    }
  };
  for (const { message, remedy } of plan.annotations.problems) report('LT024', message, remedy);
  if (plan.annotations.isDisabled) return findings;
  checkSelection(plan, report);
  checkSidecar(plan, report);
  checkSink(plan, report);
  checkReserved(plan, report);
  checkContainers(plan, report);
  checkRecords(plan, report);
  checkPod(plan, report);
  checkMesh(plan, report);
  checkNamespace(plan, rules, report);
  checkNames(plan, report);
  checkBill(plan, report);
  checkAudit(plan, report);
  return findings;
}

/** Checks that the given names exist and that something remains to tap. */
function checkSelection({ template, props, selection, annotations, taps }: InjectionPlan, report: Report): void {
  const names = allContainers(template).map(({ name }) => name);
  const isThere = (name: string) => remedyFor(name, names, `use some of ${names.join(', ')}`);
  const unknown = (list: readonly string[] = []) => list.filter((name) => !names.includes(name));
  const misnamed = unknown(selection.containers);
  for (const name of misnamed) {
    const where = annotations.containers === undefined ? "'containers'" : `the annotation '${CONTAINERS}'`;
    report('LT002', `${where} (${JSON.stringify(name)}) must name containers of the pod`, isThere(name));
  }
  // A property may apply to many workloads, an annotation applies only to this one.
  for (const name of unknown(selection.excludeContainers)) {
    const text = `(${JSON.stringify(name)}) must name containers of the pod`;
    if (annotations.excludeContainers === undefined) report('LT025', `'excludeContainers' ${text}`, isThere(name));
    else report('LT002', `the annotation '${EXCLUDE_CONTAINERS}' ${text}`, isThere(name));
  }
  const tapped = taps.map(({ container }) => container.name);
  const untapped = (code: Code, where: string, list: Iterable<string>) => {
    for (const name of [...list].filter((candidate) => !tapped.includes(candidate))) {
      const text = `${where} (${JSON.stringify(name)}) must name containers that are tapped`;
      report(code, text, remedyFor(name, tapped, `use some of ${tapped.join(', ')}, or add it to 'containers'`));
    }
  };
  untapped('LT025', "'perContainer'", Object.keys(props.perContainer));
  const annotated = new Set([...annotations.perContainer.keys(), ...annotations.sinks.keys()]);
  untapped('LT002', 'an annotation CONTAINER.logtap.dev/...', annotated);
  if (taps.length === 0 && misnamed.length === 0) {
    report('LT007', 'no container is left to tap', "name one in 'containers', or leave 'excludeContainers' out");
  }
  for (const { container, options } of taps) {
    const { streams = TapStreams.BOTH, file, suppressStreams, suppressFile } = options;
    const of = `of container '${container.name}'`;
    const noStream = streams === TapStreams.NONE;
    if (noStream && file === undefined) {
      report('LT007', `'streams' (none) ${of} leaves nothing to tap`, "name a 'file', or tap stdout, stderr or both");
    }
    if (suppressStreams && noStream) {
      report('LT007', `'suppressStreams' ${of} must come with a tapped stream`, "leave it out, or set 'streams'");
    }
    if (suppressFile && file === undefined) {
      report('LT007', `'suppressFile' ${of} must come with a tapped file`, "leave it out, or set 'file'");
    }
  }
}

/** Checks that the pod can have the sidecar. */
function checkSidecar({ workload, template, props, isEndless }: InjectionPlan, report: Report): void {
  const { spec } = template;
  const job: any = workload.kind === 'CronJob' ? (workload.spec as any)?.jobTemplate : workload;
  const deadline = spec.activeDeadlineSeconds ?? job?.spec?.activeDeadlineSeconds;
  if (!props.isNative && !isEndless && (deadline ?? null) === null) {
    report(
      'LT001',
      'a classic sidecar ends when no process has written for 30 seconds; if no process ever writes, the pod never completes',
      "use native sidecars (Kubernetes 1.29 or newer), or set 'activeDeadlineSeconds'",
    );
  }
  if (props.tooOldForNative !== undefined) {
    report(
      'LT012',
      `'nativeSidecar' (true) needs Kubernetes 1.${NATIVE_SIDECAR_MINOR} or newer, but 'kubernetesVersion' is ${props.tooOldForNative}`,
      "leave 'nativeSidecar' out",
    );
  }
  const { kubernetesMinor: minor } = props;
  if (props.isImageVolume && minor !== undefined && minor < IMAGE_VOLUME_MINOR) {
    report(
      'LT044',
      `'library' (image) needs Kubernetes 1.${IMAGE_VOLUME_MINOR} or newer, but 'kubernetesVersion' is 1.${minor}`,
      "leave 'library' out, or accept LT044 if the feature gate ImageVolume is on",
    );
  }
  if (spec.hostNetwork === true && !props.shipper.isStatusPortGiven) {
    report(
      'LT026',
      `the pod uses the network of its node, where only one shipper can use port ${props.shipper.statusPort}`,
      "remove hostNetwork, or give the shippers of a node different ports with 'shipper.statusPort'",
    );
  }
  if (props.shipper.image === undefined) {
    report(
      'LT029',
      `the image '${defaultImage()}' of the injected containers is in no registry`,
      "build it, push it to yours, and set 'shipper.image' (--image); accept LT029 if the nodes have it",
    );
  }
  if (isForWindows(spec)) report('LT011', 'the pod is for Windows', 'leave it out of the tap');
}

/** Checks that the pod has the sink's volumes, and that the application does not lose AWS credentials unnoticed. */
function checkSink({ template, props }: InjectionPlan, report: Report): void {
  if (props.isWithoutAwsCredentials) {
    const names = allContainers(template).map(({ name }) => `'${name}'`);
    const account = template.spec.serviceAccountName ?? 'default';
    report(
      'LT030',
      `'keepAwsCredentials' (false) takes the AWS credentials of the service account '${account}' from ${names.join(', ')}`,
      'leave it out if the application uses AWS, or accept LT030',
    );
  }
  const present = (template.spec.volumes ?? []).map(({ name }) => name);
  for (const { volume } of props.sink.volumeMounts ?? []) {
    if (present.includes(volume)) continue;
    report('LT027', `the sink's volume '${volume}' must be one of the pod's`, 'add the volume, or correct the name');
  }
}

/** Checks that the workload uses no reserved name, port, path or variable. */
function checkReserved({ template, taps, props }: InjectionPlan, report: Report): void {
  const reserved = (code: Code, what: string, remedy: string) =>
    report(code, `${what} is reserved for the log shipper`, remedy);
  const containers = allContainers(template);
  const names = containers.map(({ name }) => name);
  for (const name of new Set(names.filter((item, index) => names.indexOf(item) !== index))) {
    report('LT019', `the container name '${name}' occurs twice`, 'give each container a unique name');
  }
  for (const { name, ports, volumeMounts } of containers) {
    if (name === SHIPPER || name === INSTALLER) {
      reserved('LT010', `the container name '${name}'`, 'rename the container');
    }
    for (const port of ports ?? []) {
      const where = `of container '${name}'`;
      if (port.name === SHIPPER) reserved('LT010', `the port name '${port.name}' ${where}`, 'rename the port');
      if (port.containerPort === props.shipper.statusPort && (port.protocol ?? 'TCP') === 'TCP') {
        reserved('LT010', `port ${port.containerPort} ${where}`, "set 'shipper.statusPort' to another port");
      }
    }
    for (const mount of volumeMounts ?? []) {
      if (isOwnVolume(mount.name)) {
        reserved('LT010', `the volume '${mount.name}' mounted in container '${name}'`, 'rename the volume');
      }
    }
  }
  for (const { name } of template.spec.volumes ?? []) {
    if (isOwnVolume(name)) reserved('LT010', `the volume name '${name}'`, 'rename the volume');
  }
  for (const { container } of taps) {
    for (const variable of container.env ?? []) {
      if (!LIBRARY_NAMES.has(variable.name)) continue;
      const what = `the variable ${variable.name} of container '${container.name}'`;
      reserved('LT013', what, 'remove it, and set the corresponding property');
    }
    for (const { mountPath } of container.volumeMounts ?? []) {
      const path = `${posix.normalize(String(mountPath))}/`;
      if (![MOUNT_PATH, LIBRARY_MOUNT_PATH].some((own) => path.startsWith(`${own}/`))) continue;
      reserved('LT005', `the path ${mountPath} mounted in container '${container.name}'`, 'mount the volume elsewhere');
    }
  }
}

/** Images without a dynamic linker, recognized by name. */
const STATIC_IMAGE = /(^|\/)(scratch|static(-debian\d+)?)([:@]|$)/;

/** Checks the containers for settings that defeat the tap. */
function checkContainers({ taps }: InjectionPlan, report: Report): void {
  for (const { container, options } of taps) {
    const { name, image } = container;
    const preload = existingPreload(container);
    if (preload !== undefined && options.existingPreload === ExistingPreload.ERROR) {
      report(
        'LT003',
        `container '${name}' has LD_PRELOAD (${JSON.stringify(preload.value ?? 'from elsewhere')})`,
        "remove it, or set 'existingPreload' to chain or replace",
      );
    }
    if (typeof image === 'string' && STATIC_IMAGE.test(image)) {
      report(
        'LT015',
        `the image '${image}' of container '${name}' is for statically linked programs, which the library cannot tap`,
        'run `logtap doctor PROGRAM`, and accept LT015 if the program is linked dynamically',
      );
    }
    const isKept = options.existingPreload !== ExistingPreload.REPLACE;
    if (isKept && Array.isArray(container.envFrom) && container.envFrom.length > 0) {
      report(
        'LT023',
        `container '${name}' reads variables from the cluster (envFrom); injection replaces an LD_PRELOAD among them`,
        'if there is one, name it in `env` with valueFrom, so that it stays behind the library',
      );
    }
    const isReadOnly = (container.securityContext as any)?.readOnlyRootFilesystem === true;
    for (const path of isReadOnly ? (options.file?.split(':') ?? []) : []) {
      const mount = (container.volumeMounts ?? [])
        .filter(({ mountPath }) => `${path}/`.startsWith(`${mountPath.replace(/\/$/, '')}/`))
        .sort((a, b) => b.mountPath.length - a.mountPath.length)[0];
      if (mount !== undefined && mount.readOnly !== true) continue;
      report(
        'LT009',
        `the root file system of container '${name}' is read-only, and ${path} is not on a writable volume`,
        'mount an emptyDir at its directory',
      );
    }
  }
}
