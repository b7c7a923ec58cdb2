/** Every exported function, the names of one function on one line. A new hook is added here as well. */
export const EXPORTS = `
  _exit _Exit
  exit
  quick_exit
  err errx verr verrx
  fork __fork
  vfork __vfork
  clone __clone
  daemon
  chroot pivot_root unshare setns mount umount umount2 move_mount
  rename renameat renameat2 link linkat symlink symlinkat
  getenv
  isatty
  write __write
  pwrite pwrite64 __pwrite64
  writev
  pwritev pwritev64
  pwritev2 pwritev64v2
  open open64 __open __open64 __open_2 __open64_2
  openat openat64 __openat_2 __openat64_2
  creat creat64
  close __close
  close_range
  closefrom
  dup
  dup2 __dup2
  dup3
  fcntl fcntl64 __fcntl lseek lseek64 __lseek llseek ftruncate ftruncate64
  fopen fopen64
  fdopen
  freopen freopen64
  fclose
  pclose
  mkstemp mkstemp64
  mkostemp mkostemp64
  mkstemps mkstemps64
  mkostemps mkostemps64
  login_tty
  forkpty
  dprintf __dprintf_chk
  vdprintf __vdprintf_chk
  aio_write aio_write64
  lio_listio lio_listio64
  backtrace_symbols_fd
  openlog
  syslog
  vsyslog
  herror
  sendfile sendfile64
  splice
  tee
  vmsplice
  copy_file_range
  ioctl
  send __send
  sendto
  sendmsg
  sendmmsg
  prctl
  setrlimit setrlimit64
  prlimit prlimit64
  munmap
  mprotect
  mremap
  syscall
  execve
  execv
  execl
  execle
  execvp
  execvpe
  execlp
  fexecve
  execveat
  posix_spawn
  posix_spawnp
  pidfd_spawn
  pidfd_spawnp
`
  .split(/\s+/)
  .filter((name) => name !== '');

/** Those of a glibc later than the one that some supported machines have. */
export const LATER_EXPORTS = ['pidfd_spawn', 'pidfd_spawnp'];

/** Exported too. A program with one of its own does not begin, with or without the library. */
export const START = '__libc_start_main';

/** What the library exports for x86_64 in versions, as glibc does; aarch64 is younger than these changes. */
export const VERSIONED = [
  ...['lio_listio', 'lio_listio64'].flatMap((name) => [
    `${name}@@GLIBC_2.34`,
    `${name}@GLIBC_2.2.5`,
    `${name}@GLIBC_2.4`,
  ]),
  ...['posix_spawn', 'posix_spawnp'].flatMap((name) => [`${name}@@GLIBC_2.15`, `${name}@GLIBC_2.2.5`]),
].sort();
