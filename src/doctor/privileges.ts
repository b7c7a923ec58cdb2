/** Programs that gain privileges at their start. The dynamic loader ignores LD_PRELOAD for them (AT_SECURE, ld.so(8)). */
import { readFileSync, type Stats } from 'node:fs';
import { mountOptions } from './file.js';
import { fileCapabilities } from './file-capabilities.js';
import type { Diagnostic } from './verdict.js';

/** Who would start the program. */
export interface User {
  readonly uid: number;
  readonly gid: number;
  /** no_new_privs: the programs that it starts gain no privileges. */
  readonly canGainRights: boolean;
}

export function currentUser(): User {
  return {
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    canGainRights: !/^NoNewPrivs:\s*1$/m.test(readFileSync('/proc/self/status', 'utf8')),
  };
}

const WHY = 'A program that gains rights when it starts ignores LD_PRELOAD (AT_SECURE).';
const NO_GAIN = 'in Kubernetes `allowPrivilegeEscalation: false`, elsewhere `setpriv --no-new-privs`';

/** @param path with all symbolic links followed */
export function privilegeFindings(path: string, { mode, uid, gid }: Stats, user: User): Diagnostic[] {
  const isNosuid = mountOptions(readFileSync('/proc/self/mountinfo', 'utf8'), path).includes('nosuid');
  // The kernel takes a set-group-ID bit without the group's right to execute for a lock mark.
  const bits = [
    { name: 'set-user-ID', isSet: (mode & 0o4000) !== 0, owner: uid, own: user.uid, kind: 'user' },
    { name: 'set-group-ID', isSet: (mode & 0o2010) === 0o2010, owner: gid, own: user.gid, kind: 'group' },
  ].filter(({ isSet }) => isSet);
  const reason = isNosuid
    ? 'its file system is mounted nosuid'
    : user.canGainRights
      ? undefined
      : 'no_new_privs is set';
  const findings = bits.map(({ name, owner, own, kind }): Diagnostic => {
    const idle = reason ?? (owner === own ? `you are ${kind} ${own} already` : undefined);
    return {
      weight: idle === undefined ? 'blocks' : 'note',
      seen: `${name}, ${kind} ${owner}${idle === undefined ? '' : `; without effect here: ${idle}`}`,
      why: WHY,
      remedy: `Start it as ${kind} ${owner}, or without gaining rights: ${NO_GAIN}.`,
    };
  });
  return [...findings, ...(reason === undefined ? capabilityFindings(path, user) : [])];
}

function capabilityFindings(path: string, { uid }: User): Diagnostic[] {
  const capabilities = fileCapabilities(path);
  const remedy = `Start it as a user who has them already (in Kubernetes: root with \`securityContext.capabilities\`), or remove them: setcap -r ${path}`;
  if (capabilities === undefined) {
    return [
      {
        weight: 'note',
        seen: 'file capabilities: not known, there is neither getcap nor getfattr here',
        why: `${WHY} File capabilities are such rights.`,
        remedy: 'Install libcap2-bin (libcap on Alpine and Red Hat), or look for AT_SECURE while it runs: --pid N',
      },
    ];
  }
  if (capabilities === '') return [];
  const idle = uid === 0 ? '; without effect here: root gains nothing by them' : '';
  return [
    { weight: idle === '' ? 'blocks' : 'note', seen: `file capabilities ${capabilities}${idle}`, why: WHY, remedy },
  ];
}
