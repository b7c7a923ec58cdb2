/**
 * Replaces `docker` where no engine runs: the part of `docker compose` that the examples use, by podman.
 *
 *     docker compose [--file FILE]... up --detach | logs [--no-log-prefix] SERVICE | exec SERVICE COMMAND | down
 *
 * A field that it does not know ends it: an example must not say what nothing reads. The environment has podman's settings
 * and COMPOSE_STATE, a directory for volumes.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parse } from 'yaml';

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly user?: string;
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly volumes?: readonly string[];
  readonly network_mode?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

interface Project {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes?: Readonly<Record<string, { readonly driver_opts?: Readonly<Record<string, string>> } | null>>;
}

const KNOWN = ['image', 'command', 'entrypoint', 'user', 'environment', 'volumes', 'network_mode', 'depends_on'];
const state = process.env.COMPOSE_STATE ?? '';
const project = `compose-${basename(state)}`.toLowerCase();
const nameOf = (service: string) => `${project}-${service}`;

function merge(one: unknown, other: unknown): unknown {
  const isMap = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap(one) || !isMap(other)) return other ?? one;
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...keys].map((key) => [key, merge(one[key], other[key])]));
}

function podman(...args: string[]): void {
  execFileSync('podman', ['--log-level=error', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** A host's directory for each volume: the same one for all services, and memory where the project says so. */
function sourceOf(name: string, { volumes = {} }: Project): string {
  if (name.startsWith('./')) return resolve(name);
  if (!(name in volumes)) throw new Error(`no volume is called ${name}`);
  const { type, device, o, ...others } = volumes[name]?.driver_opts ?? {};
  if (Object.keys(others).length > 0) throw new Error(`unknown options of volume ${name}`);
  const directory = join(state, name);
  if (existsSync(directory)) return directory;
  mkdirSync(directory);
  if (type === 'tmpfs') execFileSync('mount', ['-t', 'tmpfs', '-o', o ?? '', device ?? 'tmpfs', directory]);
  return directory;
}

function up(all: Project, isStarted = new Set<string>()): void {
  const begin = (service: string) => {
    if (isStarted.has(service)) return;
    isStarted.add(service);
    const { services } = all;
    const spec = services[service];
    if (spec === undefined) throw new Error(`no service is called ${service}`);
    const unknown = Object.keys(spec).filter((field) => !KNOWN.includes(field));
    if (unknown.length > 0) throw new Error(`service ${service} has fields that nothing reads: ${unknown.join(', ')}`);
    const [, other] = /^service:(.+)$/.exec(spec.network_mode ?? '') ?? [];
    if (other !== undefined) begin(other);
    for (const needed of Object.keys(spec.depends_on ?? {})) begin(needed);
    podman(
      ...['run', '--detach', '--pull=never', `--name=${nameOf(service)}`],
      `--network=${other === undefined ? 'none' : `container:${nameOf(other)}`}`,
      ...(spec.user === undefined ? [] : [`--user=${spec.user}`]),
      ...(spec.entrypoint === undefined ? [] : [`--entrypoint=${JSON.stringify(spec.entrypoint)}`]),
      ...Object.entries(spec.environment ?? {}).map(([name, value]) => `--env=${name}=${value}`),
      ...(spec.volumes ?? []).map((volume) => {
        const [from = '', ...rest] = volume.split(':');
        return `--volume=${[sourceOf(from, all), ...rest].join(':')}`;
      }),
      ...[spec.image, ...(spec.command ?? [])],
    );
    if (Object.values(services).some((each) => isCompleted(each, service))) podman('wait', nameOf(service));
  };
  for (const service of Object.keys(all.services)) begin(service);
}

const isCompleted = ({ depends_on }: Service, service: string) =>
  depends_on?.[service]?.condition === 'service_completed_successfully';

function down(all: Project): void {
  // What is on another's network goes first.
  const services = Object.entries(all.services).sort(([, one], [, other]) => {
    return Number(other.network_mode !== undefined) - Number(one.network_mode !== undefined);
  });
  for (const [name] of services) podman('rm', '--force', '--ignore', '--time=3', nameOf(name));
  for (const name of Object.keys(all.volumes ?? {})) {
    const directory = join(state, name);
    spawnSync('umount', ['--lazy', directory], { stdio: 'ignore' });
    execFileSync('rm', ['-rf', directory]);
  }
}

function main(args: string[]): number {
  if (args.shift() !== 'compose') throw new Error('only `docker compose` is known');
  const files: string[] = [];
  while (args[0] === '--file') files.push(...args.splice(0, 2).slice(1));
  const read = (file: string) => parse(readFileSync(file, 'utf8'));
  const all = (files.length > 0 ? files : ['compose.yaml']).map(read).reduce(merge) as Project;
  const [command, ...rest] = args;
  const words = rest.filter((word) => !['--detach', '--no-log-prefix'].includes(word));
  if (command === 'up' && words.length === 0) up(all);
  else if (command === 'down' && words.length === 0) down(all);
  else if ((command === 'logs' && words.length === 1) || (command === 'exec' && words.length > 1)) {
    const [service = '', ...more] = words;
    return spawnSync('podman', [command, nameOf(service), ...more], { stdio: 'inherit' }).status ?? 1;
  } else throw new Error(`'docker compose ${args.join(' ')}' is not known`);
  return 0;
}

process.exit(main(process.argv.slice(2)));
